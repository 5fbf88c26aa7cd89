/** Cooldowns have an SQLite file of their own: see `openChangeStore`. */
import type { Compilable, Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { CooldownChange } from '@keywell/core/keys/status';
import { openChangeStore } from '../sqlite/open-change-store.ts';
import type { CooldownStore } from './cooldown-store.ts';

interface CooldownTable {
  readonly scope_id: string;
  readonly class: CooldownChange['class'];
  readonly dimension: CooldownChange['dimension'];
  readonly scope: CooldownChange['scope'];
  readonly ends_at: number;
  readonly authoritative: number;
  readonly strikes: number;
  readonly evidence: string;
  readonly fingerprint: string | null;
  readonly refused_need: number | null;
}

interface Tables {
  readonly cooldown: CooldownTable;
}

export interface OpenCooldownStore extends CooldownStore {
  close(): Promise<void>;
}

/** Opens the file of cooldowns; throws StorageError as `openDatabase` does. */
export async function openCooldownStore(options: {
  readonly file: string;
}): Promise<OpenCooldownStore> {
  const { file } = options;
  const { db, applyNow, close } = await openChangeStore({ file, migrations: MIGRATIONS, toQuery });
  return { applyNow, close, load: (wallNow) => load(db, wallNow) };
}

const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001-cooldowns': { up: createCooldowns },
  '0002-fingerprint': { up: addFingerprint },
  '0003-refused-need': { up: addRefusedNeed },
};

async function createCooldowns(db: Kysely<never>): Promise<void> {
  await db.schema
    .createTable('cooldown')
    .addColumn('scope_id', 'text', (column) => column.notNull())
    .addColumn('class', 'text', (column) => column.notNull())
    .addColumn('dimension', 'text', (column) => column.notNull())
    .addColumn('scope', 'text', (column) => column.notNull())
    .addColumn('ends_at', 'bigint', (column) => column.notNull())
    .addColumn('authoritative', 'integer', (column) => column.notNull())
    .addColumn('strikes', 'integer', (column) => column.notNull())
    .addColumn('evidence', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('cooldown_key', ['scope_id', 'class', 'dimension'])
    .execute();
}

/** Rows from before bind whichever credential has the name, as they did when they were written. */
async function addFingerprint(db: Kysely<never>): Promise<void> {
  await db.schema.alterTable('cooldown').addColumn('fingerprint', 'text').execute();
}

/** Rows from before bind every request, as they did when they were read. */
async function addRefusedNeed(db: Kysely<never>): Promise<void> {
  await db.schema.alterTable('cooldown').addColumn('refused_need', 'bigint').execute();
}

function toQuery(db: Kysely<Tables>, change: CooldownChange): Compilable {
  if (change.action === 'cleared') {
    return db
      .deleteFrom('cooldown')
      .where('scope_id', '=', change.scopeId)
      .where('class', '=', change.class)
      .where('dimension', '=', change.dimension);
  }
  const row = toRow(change);
  return db
    .insertInto('cooldown')
    .values(row)
    .onConflict((conflict) =>
      conflict.columns(['scope_id', 'class', 'dimension']).doUpdateSet({
        scope: row.scope,
        ends_at: row.ends_at,
        authoritative: row.authoritative,
        strikes: row.strikes,
        evidence: row.evidence,
        fingerprint: row.fingerprint,
        refused_need: row.refused_need,
      }),
    );
}

async function load(db: Kysely<Tables>, wallNow: number): Promise<readonly CooldownChange[]> {
  await db.deleteFrom('cooldown').where('ends_at', '<=', Math.floor(wallNow)).execute();
  const rows = await db
    .selectFrom('cooldown')
    .selectAll()
    .orderBy('scope_id')
    .orderBy('class')
    .orderBy('dimension')
    .execute();
  return rows.map(fromRow);
}

function fromRow(row: CooldownTable): CooldownChange {
  return {
    action: 'set',
    scopeId: row.scope_id,
    scope: row.scope,
    class: row.class,
    dimension: row.dimension,
    endsAt: row.ends_at,
    authoritative: row.authoritative !== 0,
    strikes: row.strikes,
    evidence: row.evidence,
    ...(row.refused_need === null ? {} : { refusedNeed: row.refused_need }),
    ...(row.fingerprint === null ? {} : { fingerprint: row.fingerprint }),
  };
}

function toRow(change: CooldownChange): CooldownTable {
  return {
    scope_id: change.scopeId,
    class: change.class,
    dimension: change.dimension,
    scope: change.scope,
    ends_at: wholeInstant(change.endsAt),
    authoritative: change.authoritative ? 1 : 0,
    strikes: Math.min(Math.max(0, Math.trunc(change.strikes)), 1_000_000),
    evidence: change.evidence,
    fingerprint: change.fingerprint ?? null,
    refused_need: change.refusedNeed === undefined ? null : Math.floor(change.refusedNeed),
  };
}

/** Whole milliseconds, never earlier than asked; "never ends" becomes the largest instant a column can hold. */
function wholeInstant(at: number): number {
  return Math.min(Math.ceil(at), Number.MAX_SAFE_INTEGER);
}
