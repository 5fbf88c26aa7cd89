/** The node's own database: consumers, settings, saved configurations, audit, the forecast's history, alerts. Query text suits SQLite and PostgreSQL alike. */
import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { KeyAccountTable } from '../accounts/sql-account-store.ts';
import type { AlertTable } from '../alerts/sql-alert-store.ts';
import type { AuditEventTable } from '../audit/sql-audit-store.ts';
import type { ConsumerTable } from '../consumers/sql-consumer-store.ts';
import type { KnownLimitTable, UsageHourTable } from '../forecast/sql-forecast-store.ts';
import type { SettingTable } from '../settings/sql-setting-store.ts';
import type { SavedSnapshotTable } from '../snapshots/sql-snapshot-store.ts';
import { type SqliteStore, openSqlite } from './open-sqlite.ts';

export interface Tables {
  readonly consumer: ConsumerTable;
  readonly setting: SettingTable;
  readonly saved_snapshot: SavedSnapshotTable;
  readonly audit_event: AuditEventTable;
  readonly key_account: KeyAccountTable;
  readonly usage_hour: UsageHourTable;
  readonly known_limit: KnownLimitTable;
  readonly alert: AlertTable;
}

export type Database = SqliteStore<Tables>;

/**
 * Opens the database, creating and migrating it as needed. An acknowledged write survives a power cut. Throws StorageError for a
 * damaged file, one of another program, and one written by a newer version.
 */
export function openDatabase(options: { readonly file: string }): Promise<Database> {
  return openSqlite<Tables>({ file: options.file, migrations: MIGRATIONS, synchronous: 'full' });
}

/** Applied in the order of their names, each once. A released one never changes. */
const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001-consumers': { up: createConsumers },
  '0002-settings': { up: createSettings },
  '0003-saved-snapshots': { up: createSavedSnapshots },
  '0004-audit-events': { up: createAuditEvents },
  '0005-key-accounts': { up: createKeyAccounts },
  '0006-forecast': { up: createForecast },
  '0007-alerts': { up: createAlerts },
};

async function createConsumers(db: Kysely<never>): Promise<void> {
  await db.schema
    .createTable('consumer')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('name', 'text')
    .addColumn('key_id', 'text', (column) => column.notNull().unique())
    .addColumn('key_hash', 'text', (column) => column.notNull().unique())
    .addColumn('models', 'text', (column) => column.notNull())
    .addColumn('requests_per_minute', 'integer')
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('disabled', 'integer', (column) => column.notNull())
    .execute();
}

async function createSettings(db: Kysely<never>): Promise<void> {
  await db.schema
    .createTable('setting')
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('value', 'text', (column) => column.notNull())
    .execute();
}

async function createSavedSnapshots(db: Kysely<never>): Promise<void> {
  await db.schema
    .createTable('saved_snapshot')
    .addColumn('version', 'bigint', (column) => column.primaryKey())
    .addColumn('hash', 'text', (column) => column.notNull())
    .addColumn('saved_at', 'bigint', (column) => column.notNull())
    .addColumn('text', 'text', (column) => column.notNull())
    .execute();
}

async function createAuditEvents(db: Kysely<never>): Promise<void> {
  await db.schema
    .createTable('audit_event')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('at', 'bigint', (column) => column.notNull())
    .addColumn('actor', 'text', (column) => column.notNull())
    .addColumn('action', 'text', (column) => column.notNull())
    .addColumn('target', 'text', (column) => column.notNull())
    .addColumn('detail', 'text', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('audit_event_at').on('audit_event').columns(['at', 'id']).execute();
}

/** An empty `owner_tenant` is the installation itself, so that the three names can be one primary key. */
async function createKeyAccounts(db: Kysely<never>): Promise<void> {
  await db.schema
    .createTable('key_account')
    .addColumn('base_url', 'text', (column) => column.notNull())
    .addColumn('owner_tenant', 'text', (column) => column.notNull())
    .addColumn('fingerprint', 'text', (column) => column.notNull())
    .addColumn('organization', 'text', (column) => column.notNull())
    .addColumn('project', 'text')
    .addColumn('changed_at', 'bigint', (column) => column.notNull())
    .addColumn('changes', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('key_account_key', ['base_url', 'owner_tenant', 'fingerprint'])
    .execute();
}
async function createForecast(db: Kysely<never>): Promise<void> {
  await db.schema
    .createTable('usage_hour')
    .addColumn('pool', 'text', (column) => column.notNull())
    .addColumn('dimension', 'text', (column) => column.notNull())
    .addColumn('hour_at', 'bigint', (column) => column.notNull())
    .addColumn('amount', 'double precision', (column) => column.notNull())
    .addColumn('watched_ms', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('usage_hour_key', ['pool', 'dimension', 'hour_at'])
    .execute();
  await db.schema
    .createTable('known_limit')
    .addColumn('provider', 'text', (column) => column.notNull())
    .addColumn('path', 'text', (column) => column.notNull())
    .addColumn('limit_group', 'text', (column) => column.notNull())
    .addColumn('dimension', 'text', (column) => column.notNull())
    .addColumn('limit_value', 'double precision')
    .addColumn('remaining', 'double precision')
    .addColumn('reset_in_ms', 'double precision')
    .addColumn('refill', 'text', (column) => column.notNull())
    .addColumn('source', 'text', (column) => column.notNull())
    .addColumn('seen_at', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('known_limit_key', ['provider', 'path', 'limit_group', 'dimension'])
    .execute();
}

async function createAlerts(db: Kysely<never>): Promise<void> {
  await db.schema
    .createTable('alert')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('at', 'bigint', (column) => column.notNull())
    .addColumn('ended_at', 'bigint')
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('subject', 'text', (column) => column.notNull())
    .addColumn('rule', 'text', (column) => column.notNull())
    .addColumn('pool', 'text')
    .addColumn('message', 'text', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('alert_at').on('alert').columns(['at', 'id']).execute();
}
