import type { AccountSighting } from '@keywell/core/keys/account';
import { memoryAccountStore } from '@keywell/storage/accounts/memory-account-store';
import { describe, expect, it } from 'vitest';
import { type AccountEvent, KeyAccounts } from './key-accounts.ts';

const sighting = (organization: string, over: Partial<AccountSighting> = {}): AccountSighting => ({
  provider: 'openai',
  key: 'a',
  baseUrl: 'https://api.example/v1',
  ownerTenant: null,
  fingerprint: '0a1b2c3d',
  account: { organization, project: null },
  ...over,
});

async function world(store = memoryAccountStore()) {
  const events: AccountEvent[] = [];
  const at = { now: 1_000, learned: 0 };
  const accounts = new KeyAccounts({
    store,
    stored: await store.list(),
    wallNow: () => at.now,
    onLearned: () => (at.learned += 1),
    onEvent: (event) => events.push(event),
  });
  return { accounts, events, at, store };
}

describe('accounts that responses named', () => {
  it('are learned once, however often they are told', async () => {
    const { accounts, events, at } = await world();
    for (let turn = 0; turn < 3; turn += 1) accounts.seen(sighting('acme'));
    expect(at.learned).toBe(1);
    expect(events).toEqual([
      { kind: 'account_named', provider: 'openai', key: 'a', organization: 'acme', project: null },
    ]);
    expect(accounts.known()).toEqual([
      {
        baseUrl: 'https://api.example/v1',
        ownerTenant: null,
        fingerprint: '0a1b2c3d',
        account: { organization: 'acme', project: null },
      },
    ]);
  });

  it('survive a restart', async () => {
    const first = await world();
    first.accounts.seen(sighting('acme'));
    await first.accounts.settled();
    const second = await world(first.store);
    expect(second.accounts.known()).toEqual(first.accounts.known());
    second.accounts.seen(sighting('acme'));
    expect(second.at.learned).toBe(0);
  });

  it('belong to one credential of one owner at one base URL', async () => {
    const { accounts } = await world();
    accounts.seen(sighting('acme'));
    accounts.seen(sighting('other', { fingerprint: 'ffffffff' }));
    accounts.seen(sighting('third', { ownerTenant: 'tenant-1' }));
    accounts.seen(sighting('fourth', { baseUrl: 'https://eu.example/v1' }));
    expect(accounts.known().map(({ account }) => account.organization)).toEqual([
      'acme',
      'other',
      'third',
      'fourth',
    ]);
  });

  it('are not kept for a host that takes no key', async () => {
    const { accounts } = await world();
    accounts.seen(sighting('acme', { fingerprint: '' }));
    expect(accounts.known()).toEqual([]);
  });

  it('are not believed from a provider that names another each time, until it has been quiet for an hour', async () => {
    const { accounts, events, at } = await world();
    for (const name of ['a', 'b', 'a', 'b', 'a', 'b', 'a', 'b']) accounts.seen(sighting(name));
    expect(accounts.known()).toEqual([]);
    expect(accounts.isUnsteady(sighting('a'))).toBe(true);
    expect(events.map(({ kind }) => kind)).toEqual([
      'account_named',
      'account_named',
      'account_named',
      'account_named',
      'account_unsteady',
    ]);
    expect(at.learned).toBe(5);
    at.now += 60 * 60_000;
    accounts.seen(sighting('b'));
    expect(accounts.known().map(({ account }) => account.organization)).toEqual(['b']);
  });

  it('hold even where they cannot be written', async () => {
    const { accounts, events } = await world({
      put: async () => Promise.reject(new Error('disk full')),
      list: async () => [],
    });
    accounts.seen(sighting('acme'));
    await accounts.settled();
    expect(accounts.known()).toHaveLength(1);
    expect(events.at(-1)).toEqual({ kind: 'account_not_saved', reason: 'Error: disk full' });
  });
});
