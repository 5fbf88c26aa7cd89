import type { CooldownChange } from '@keywell/core/keys/status';
import type { CooldownStore } from './cooldown-store.ts';

/** Cooldowns in memory: the fake of tests. */
export function memoryCooldownStore(): CooldownStore {
  const kept = new Map<string, CooldownChange>();
  return {
    applyNow: (changes) => {
      for (const change of changes) {
        if (change.action === 'cleared') kept.delete(idOf(change));
        else {
          const endsAt = Math.min(Math.ceil(change.endsAt), Number.MAX_SAFE_INTEGER);
          kept.set(idOf(change), { ...change, endsAt });
        }
      }
    },
    load: async (wallNow) => {
      for (const [id, change] of kept) if (change.endsAt <= wallNow) kept.delete(id);
      return [...kept].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, change]) => change);
    },
  };
}

function idOf(change: CooldownChange): string {
  return JSON.stringify([change.scopeId, change.class, change.dimension]);
}
