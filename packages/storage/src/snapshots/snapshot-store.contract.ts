import { describe, expect, it } from 'vitest';
import type { SavedSnapshot, SnapshotStore } from './snapshot-store.ts';

function snapshot(version: number, hash = `hash-${version}`): SavedSnapshot {
  return { version, hash, savedAt: 1_790_000_000_000 + version, text: `{"v":${version}}` };
}

/** What every snapshot store does. */
export function describeSnapshotStore(name: string, open: () => Promise<SnapshotStore>): void {
  describe(`snapshot store: ${name}`, () => {
    it('gives the newest back, and knows when there is none', async () => {
      const store = await open();
      expect(await store.latest()).toBeNull();
      await store.save(snapshot(2));
      await store.save(snapshot(1));
      expect(await store.latest()).toEqual(snapshot(2));
    });

    it('keeps the last five', async () => {
      const store = await open();
      for (let version = 1; version <= 12; version += 1) await store.save(snapshot(version));
      expect(await store.list()).toEqual([12, 11, 10, 9, 8].map((version) => snapshot(version)));
    });

    it('replaces a version that is saved again', async () => {
      const store = await open();
      await store.save(snapshot(1));
      await store.save(snapshot(1, 'other'));
      expect(await store.list()).toEqual([snapshot(1, 'other')]);
    });

    it('takes saves that come at once', async () => {
      const store = await open();
      await Promise.all(Array.from({ length: 20 }, (_, n) => store.save(snapshot(n))));
      expect((await store.list()).map(({ version }) => version)).toEqual([19, 18, 17, 16, 15]);
    });
  });
}
