import type { Kysely } from 'kysely';
import type { AccountStore, StoredAccount } from './account-store.ts';

export interface KeyAccountTable {
  readonly base_url: string;
  readonly owner_tenant: string;
  readonly fingerprint: string;
  readonly organization: string;
  readonly project: string | null;
  readonly changed_at: number;
  readonly changes: number;
}

type Db = Kysely<{ key_account: KeyAccountTable }>;

/** Accounts in a SQL database. */
export function sqlAccountStore(db: Db): AccountStore {
  return {
    put: async (account) => {
      const row = toRow(account);
      const { organization, project, changed_at, changes } = row;
      await db
        .insertInto('key_account')
        .values(row)
        .onConflict((conflict) =>
          conflict
            .columns(['base_url', 'owner_tenant', 'fingerprint'])
            .doUpdateSet({ organization, project, changed_at, changes }),
        )
        .execute();
    },
    list: async () => (await db.selectFrom('key_account').selectAll().execute()).map(fromRow),
  };
}

function toRow(account: StoredAccount): KeyAccountTable {
  return {
    base_url: account.baseUrl,
    owner_tenant: account.ownerTenant ?? '',
    fingerprint: account.fingerprint,
    organization: account.organization,
    project: account.project,
    changed_at: Math.trunc(account.changedAt),
    changes: account.changes,
  };
}

function fromRow(row: KeyAccountTable): StoredAccount {
  return {
    baseUrl: row.base_url,
    ownerTenant: row.owner_tenant === '' ? null : row.owner_tenant,
    fingerprint: row.fingerprint,
    organization: row.organization,
    project: row.project,
    changedAt: row.changed_at,
    changes: row.changes,
  };
}
