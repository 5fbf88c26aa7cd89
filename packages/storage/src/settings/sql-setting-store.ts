import type { Kysely } from 'kysely';
import type { SettingStore } from './setting-store.ts';

export interface SettingTable {
  readonly name: string;
  readonly value: string;
}

type Db = Kysely<{ setting: SettingTable }>;

/** Settings in a SQL database. */
export function sqlSettingStore(db: Db): SettingStore {
  return {
    get: (name) => get(db, name),
    set: async (name, value) => {
      await db
        .insertInto('setting')
        .values({ name, value })
        .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
        .execute();
    },
    setOnce: async (name, value) => {
      await db
        .insertInto('setting')
        .values({ name, value })
        .onConflict((conflict) => conflict.column('name').doNothing())
        .execute();
      return (await get(db, name)) ?? value;
    },
    remove: async (name) => {
      await db.deleteFrom('setting').where('name', '=', name).execute();
    },
  };
}

async function get(db: Db, name: string): Promise<string | null> {
  const row = await db
    .selectFrom('setting')
    .select('value')
    .where('name', '=', name)
    .executeTakeFirst();
  return row?.value ?? null;
}
