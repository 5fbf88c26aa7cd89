import type { StoredSpend } from '@keywell/core/budgets/spend';
import type { SpendStore } from './spend-store.ts';

/** Spend in memory: the fake of tests. */
export function memorySpendStore(): SpendStore {
  const kept = new Map<string, StoredSpend>();
  return {
    keepNow: (changes) => {
      for (const change of changes) kept.set(change.consumer, { ...change });
    },
    load: async () => [...kept.values()].toSorted((a, b) => (a.consumer < b.consumer ? -1 : 1)),
  };
}
