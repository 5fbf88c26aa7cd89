import type { AccountStore, StoredAccount } from './account-store.ts';

/** Accounts in memory: the fake of tests. */
export function memoryAccountStore(): AccountStore {
  const kept = new Map<string, StoredAccount>();
  return {
    put: async (account) => {
      const { baseUrl, ownerTenant, fingerprint } = account;
      kept.set(JSON.stringify([baseUrl, ownerTenant, fingerprint]), account);
    },
    list: async () => [...kept.values()],
  };
}
