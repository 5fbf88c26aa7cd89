import { describe, expect, it } from 'vitest';
import type { AccountStore, StoredAccount } from './account-store.ts';

const account = (over: Partial<StoredAccount> = {}): StoredAccount => ({
  baseUrl: 'https://api.example/v1',
  ownerTenant: null,
  fingerprint: '0a1b2c3d',
  organization: 'acme',
  project: 'search',
  changedAt: 1_000,
  changes: 0,
  ...over,
});

/** What every account store does. */
export function describeAccountStore(name: string, open: () => Promise<AccountStore>): void {
  describe(`account store: ${name}`, () => {
    it('keeps the last word of each credential', async () => {
      const store = await open();
      await store.put(account());
      await store.put(
        account({ organization: 'other', project: null, changes: 1, changedAt: 2_000 }),
      );
      expect(await store.list()).toEqual([
        account({ organization: 'other', project: null, changes: 1, changedAt: 2_000 }),
      ]);
    });

    it.each([
      ['base URL', { baseUrl: 'https://eu.api.example/v1' }],
      ['owner', { ownerTenant: 'tenant-1' }],
      ['credential', { fingerprint: 'ffffffff' }],
    ])('tells credentials of another %s apart', async (_, over) => {
      const store = await open();
      await store.put(account());
      await store.put(account(over));
      const listed = await store.list();
      expect(listed).toHaveLength(2);
      expect(listed).toEqual(expect.arrayContaining([account(), account(over)]));
    });
  });
}
