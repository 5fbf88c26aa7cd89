/** Budgets have an SQLite file of their own, for the reason that cooldowns have one: a write is finished before the caller goes on. */
import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import { openSqlite } from '../sqlite/open-sqlite.ts';
import type { SpendStore } from './spend-store.ts';

interface Tables {
  readonly spend: {
    readonly consumer: string;
    readonly starts_at: number;
    readonly spent_micros: number;
  };
}

export interface OpenSpendStore extends SpendStore {
  close(): Promise<void>;
}

/** Opens the file of budgets; throws StorageError as `openDatabase` does. */
export async function openSpendStore(options: { readonly file: string }): Promise<OpenSpendStore> {
  const store = await openSqlite<Tables>({
    file: options.file,
    migrations: MIGRATIONS,
    synchronous: 'normal',
  });
  return {
    keepNow: (changes) => {
      if (changes.length === 0) return;
      store.runNow(
        changes.map(({ consumer, startsAt, spentMicros }) => {
          const row = { starts_at: startsAt, spent_micros: Math.ceil(spentMicros) };
          return store.db
            .insertInto('spend')
            .values({ consumer, ...row })
            .onConflict((conflict) => conflict.column('consumer').doUpdateSet(row));
        }),
      );
    },
    load: async () => {
      const rows = await store.db.selectFrom('spend').selectAll().orderBy('consumer').execute();
      return rows.map((row) => ({
        consumer: row.consumer,
        startsAt: row.starts_at,
        spentMicros: row.spent_micros,
      }));
    },
    close: () => store.close(),
  };
}

const MIGRATIONS: Readonly<Record<string, Migration>> = { '0001-spend': { up: createSpend } };

async function createSpend(db: Kysely<never>): Promise<void> {
  await db.schema
    .createTable('spend')
    .addColumn('consumer', 'text', (column) => column.primaryKey().notNull())
    .addColumn('starts_at', 'bigint', (column) => column.notNull())
    .addColumn('spent_micros', 'bigint', (column) => column.notNull())
    .execute();
}
