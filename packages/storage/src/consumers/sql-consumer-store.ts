import type { Kysely } from 'kysely';
import { decodeStrings } from '../decode-strings.ts';
import type { ConsumerAdded, ConsumerStore, StoredConsumer } from './consumer-store.ts';

export interface ConsumerTable {
  readonly id: string;
  readonly name: string | null;
  readonly key_id: string;
  readonly key_hash: string;
  readonly models: string;
  readonly requests_per_minute: number | null;
  readonly created_at: number;
  readonly disabled: number;
}

type Db = Kysely<{ consumer: ConsumerTable }>;

/** Consumers in a SQL database. */
export function sqlConsumerStore(db: Db): ConsumerStore {
  return {
    add: (consumer) => add(db, consumer),
    list: async () => {
      const rows = await db.selectFrom('consumer').selectAll().orderBy('id').execute();
      return rows.map(toConsumer);
    },
    disable: async (id) => {
      const { numUpdatedRows } = await db
        .updateTable('consumer')
        .set({ disabled: 1 })
        .where('id', '=', id)
        .executeTakeFirst();
      return numUpdatedRows > 0n;
    },
  };
}

async function add(db: Db, consumer: StoredConsumer): Promise<ConsumerAdded> {
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('consumer')
    .values(toRow(consumer))
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  if ((numInsertedOrUpdatedRows ?? 0n) > 0n) return { ok: true };
  const sameId = await db
    .selectFrom('consumer')
    .select('id')
    .where('id', '=', consumer.id)
    .executeTakeFirst();
  return { ok: false, conflict: sameId === undefined ? 'key' : 'id' };
}

function toRow(consumer: StoredConsumer): ConsumerTable {
  return {
    id: consumer.id,
    name: consumer.name,
    key_id: consumer.keyId,
    key_hash: consumer.keyHash,
    models: JSON.stringify(consumer.models),
    requests_per_minute: consumer.requestsPerMinute,
    created_at: consumer.createdAt,
    disabled: consumer.disabled ? 1 : 0,
  };
}

function toConsumer(row: ConsumerTable): StoredConsumer {
  return {
    id: row.id,
    name: row.name,
    keyId: row.key_id,
    keyHash: row.key_hash,
    models: decodeStrings(row.models),
    requestsPerMinute: row.requests_per_minute,
    createdAt: row.created_at,
    disabled: row.disabled !== 0,
  };
}
