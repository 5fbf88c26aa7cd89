/** Owned objects have an SQLite file of their own, for the reason that cooldowns have one: a write is finished before the caller goes on. */
import type { Compilable, Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { ObjectChange, OwnedObject } from '@keywell/core/ownership/owned-object';
import { openChangeStore } from '../sqlite/open-change-store.ts';
import type { ObjectStore } from './object-store.ts';

interface ObjectTable {
  readonly consumer: string;
  readonly kind: OwnedObject['kind'];
  readonly id: string;
  readonly provider: string;
  readonly domain: string;
  readonly fingerprint: string;
  readonly model: string;
  readonly created_at: number;
  readonly json: string | null;
  readonly upstream_model: string | null;
  readonly counted: number;
}

interface Tables {
  readonly owned_object: ObjectTable;
}

export interface OpenObjectStore extends ObjectStore {
  close(): Promise<void>;
}

/** Opens the file of owned objects; throws StorageError as `openDatabase` does. */
export async function openObjectStore(options: {
  readonly file: string;
}): Promise<OpenObjectStore> {
  const { file } = options;
  const { db, applyNow, close } = await openChangeStore({ file, migrations: MIGRATIONS, toQuery });
  return {
    applyNow,
    close,
    load: async () => {
      const rows = await db.selectFrom('owned_object').selectAll().orderBy('created_at').execute();
      return rows.map(fromRow);
    },
  };
}

const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001-owned-objects': { up: createOwnedObjects },
  '0002-batch-costs': { up: addBatchCosts },
};

async function createOwnedObjects(db: Kysely<never>): Promise<void> {
  await db.schema
    .createTable('owned_object')
    .addColumn('consumer', 'text', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('id', 'text', (column) => column.notNull())
    .addColumn('provider', 'text', (column) => column.notNull())
    .addColumn('domain', 'text', (column) => column.notNull())
    .addColumn('fingerprint', 'text', (column) => column.notNull())
    .addColumn('model', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('json', 'text')
    .addPrimaryKeyConstraint('owned_object_key', ['consumer', 'kind', 'id'])
    .execute();
}

/** Of what was kept before, the model is not known; a batch among it is counted as one of which the price is not known. */
async function addBatchCosts(db: Kysely<never>): Promise<void> {
  await db.schema.alterTable('owned_object').addColumn('upstream_model', 'text').execute();
  await db.schema
    .alterTable('owned_object')
    .addColumn('counted', 'integer', (column) => column.notNull().defaultTo(0))
    .execute();
}

function toQuery(db: Kysely<Tables>, change: ObjectChange): Compilable {
  if (change.action === 'drop') {
    const { consumer, kind, id } = change.name;
    return db
      .deleteFrom('owned_object')
      .where('consumer', '=', consumer)
      .where('kind', '=', kind)
      .where('id', '=', id);
  }
  const { consumer, kind, id, home, model, createdAt, json } = change.object;
  const row = {
    ...home,
    model,
    created_at: Math.trunc(createdAt),
    json,
    upstream_model: change.object.upstreamModel ?? null,
    counted: change.object.counted === true ? 1 : 0,
  };
  return db
    .insertInto('owned_object')
    .values({ consumer, kind, id, ...row })
    .onConflict((conflict) => conflict.columns(['consumer', 'kind', 'id']).doUpdateSet(row));
}

function fromRow(row: ObjectTable): OwnedObject {
  const { provider, domain, fingerprint } = row;
  return {
    kind: row.kind,
    id: row.id,
    consumer: row.consumer,
    home: { provider, domain, fingerprint },
    model: row.model,
    createdAt: row.created_at,
    json: row.json,
    ...(row.upstream_model === null ? {} : { upstreamModel: row.upstream_model }),
    ...(row.counted === 0 ? {} : { counted: true }),
  };
}
