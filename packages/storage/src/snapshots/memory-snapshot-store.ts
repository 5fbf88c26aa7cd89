import { KEPT_SNAPSHOTS, type SavedSnapshot, type SnapshotStore } from './snapshot-store.ts';

/** Last good configurations in memory: the fake of tests. */
export function memorySnapshotStore(): SnapshotStore {
  let kept: readonly SavedSnapshot[] = [];
  return {
    save: async (snapshot) => {
      kept = [...kept.filter((known) => known.version !== snapshot.version), snapshot]
        .toSorted((a, b) => b.version - a.version)
        .slice(0, KEPT_SNAPSHOTS);
    },
    latest: async () => kept[0] ?? null,
    list: async () => kept,
  };
}
