import type { ObjectName, OwnedObject } from '@keywell/core/ownership/owned-object';
import type { ObjectStore } from './object-store.ts';

/** Owned objects in memory: the fake of tests. */
export function memoryObjectStore(): ObjectStore {
  const kept = new Map<string, OwnedObject>();
  return {
    applyNow: (changes) => {
      for (const change of changes) {
        if (change.action === 'drop') kept.delete(keyOf(change.name));
        else kept.set(keyOf(change.object), change.object);
      }
    },
    load: async () => [...kept.values()].toSorted((a, b) => a.createdAt - b.createdAt),
  };
}

const keyOf = ({ consumer, kind, id }: ObjectName): string => JSON.stringify([consumer, kind, id]);
