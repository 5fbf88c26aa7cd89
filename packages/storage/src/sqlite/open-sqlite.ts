/**
 * Opens an SQLite file of ours. A new file is built under another name and appears whole; what exists is checked before use, because
 * a damaged or foreign file must never be taken for an empty one.
 */
import { chmodSync, existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Kysely, type Compilable } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import {
  codeOf,
  createPrivateFile,
  draftName,
  publish,
  removeStaleDrafts,
  syncFolder,
} from '../private-file.ts';
import { StorageError, messageOf } from '../storage-error.ts';
import { SqliteConnection } from './sqlite-driver.ts';
import { SqliteDialect } from './sqlite-dialect.ts';

/** `KYWL`, in the file's header: tells our files from anybody else's. */
const APPLICATION_ID = 0x4b59574c;
const BUSY_TIMEOUT_MS = 5_000;

export interface SqliteOptions {
  readonly file: string;
  /** By name, in the order of their names. */
  readonly migrations: Readonly<Record<string, Migration>>;
  /** `full` survives a power cut, `normal` a killed process. */
  readonly synchronous: 'full' | 'normal';
}

/** An open store. `db` is Kysely; `runNow` runs compiled statements as one transaction before it returns. */
export interface SqliteStore<Tables> {
  readonly file: string;
  readonly db: Kysely<Tables>;
  runNow(queries: readonly Compilable[]): void;
  close(): Promise<void>;
}

/** Opens, creating and migrating as needed; throws StorageError with the file's name and what to do. */
export async function openSqlite<Tables>(options: SqliteOptions): Promise<SqliteStore<Tables>> {
  const { file } = options;
  try {
    if (!existsSync(file)) await create(options);
    if (statSync(file).size === 0) {
      throw new StorageError('corrupt', file, `${file} is empty. ${RESTORE}`);
    }
    chmodSync(file, 0o600);
    return await connect<Tables>(options, file, 'wal');
  } catch (error) {
    throw explained(file, error);
  }
}

const RESTORE =
  'It is left as it is: restore it from a backup, or move it away to start with a new one.';

async function create(options: SqliteOptions): Promise<void> {
  const { file } = options;
  if (existsSync(`${file}-wal`)) {
    throw new StorageError(
      'corrupt',
      file,
      `${file} is missing while its journal ${file}-wal exists. Restore the file, or move the journal away to start with a new one.`,
    );
  }
  removeStaleDrafts(file);
  const draft = draftName(file);
  createPrivateFile(draft, '');
  const store = await connect(options, draft, 'delete');
  await store.close();
  publish(draft, file);
  syncFolder(dirname(file));
}

async function connect<Tables>(
  options: SqliteOptions,
  file: string,
  journal: 'wal' | 'delete',
): Promise<SqliteStore<Tables>> {
  const database = new DatabaseSync(file, {
    timeout: BUSY_TIMEOUT_MS,
    enableForeignKeyConstraints: true,
  });
  try {
    prepare(database, { ...options, file }, journal);
    const connection = new SqliteConnection(database);
    const db = new Kysely<Tables>({
      dialect: new SqliteDialect(connection, () => {
        database.close();
      }),
    });
    await migrate(db, options, file);
    return {
      file,
      db,
      runNow: (queries) => {
        connection.runAllNow(queries.map((query) => query.compile()));
      },
      close: () => db.destroy(),
    };
  } catch (error) {
    if (database.isOpen) database.close();
    throw error;
  }
}

function prepare(database: DatabaseSync, options: SqliteOptions, journal: 'wal' | 'delete'): void {
  const id = Number(database.prepare('pragma application_id').get()?.['application_id'] ?? 0);
  if (journal === 'delete') database.exec(`pragma application_id = ${APPLICATION_ID}`);
  else if (id !== APPLICATION_ID) {
    throw new StorageError(
      'corrupt',
      options.file,
      `${options.file} is a database of another program. Move it away, or choose another data folder.`,
    );
  }
  database.exec(`pragma journal_mode = ${journal}`);
  database.exec(`pragma synchronous = ${options.synchronous}`);
  database.exec('pragma trusted_schema = off');
  database.exec('pragma journal_size_limit = 4194304');
  const check = database.prepare('pragma quick_check(1)').get()?.['quick_check'];
  if (check !== 'ok') {
    throw new StorageError('corrupt', options.file, `${options.file} is damaged. ${RESTORE}`);
  }
}

async function migrate<Tables>(
  db: Kysely<Tables>,
  options: SqliteOptions,
  file: string,
): Promise<void> {
  const migrator = new Migrator({
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a migration knows no present-day tables
    db: db as Kysely<unknown> as Kysely<Record<string, never>>,
    provider: { getMigrations: () => Promise.resolve({ ...options.migrations }) },
  });
  const known = new Set(Object.keys(options.migrations));
  const unknown = (await executedMigrations(db)).filter((name) => !known.has(name));
  if (unknown.length > 0) {
    throw new StorageError(
      'newer_schema',
      file,
      `${file} was written by a newer version of Keywell (it has ${unknown.join(', ')}). Start that version, or restore a backup from before the upgrade.`,
    );
  }
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw error;
}

async function executedMigrations<Tables>(db: Kysely<Tables>): Promise<readonly string[]> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
  if (!tables.some((table) => table.name === MIGRATION_TABLE)) return [];
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Kysely's own table is in nobody's schema
  const rows = await (db as Kysely<unknown> as Kysely<{ kysely_migration: { name: string } }>)
    .selectFrom(MIGRATION_TABLE)
    .select('name')
    .execute();
  return rows.map((row) => row.name);
}

const MIGRATION_TABLE = 'kysely_migration';

/** SQLite's result codes for a damaged file (11) and for something that is no database (26). */
const DAMAGED = new Set([11, 26]);

function explained(file: string, error: unknown): StorageError {
  if (error instanceof StorageError) return error;
  const code = sqliteCode(error);
  if (DAMAGED.has(code & 0xff)) {
    const what = (code & 0xff) === 26 ? 'is not a database' : 'is damaged';
    return new StorageError('corrupt', file, `${file} ${what}. ${RESTORE}`, error);
  }
  const why = codeOf(error) === 'ENOENT' ? 'its folder does not exist' : messageOf(error);
  return new StorageError('io', file, `${file} cannot be opened: ${why}`, error);
}

function sqliteCode(error: unknown): number {
  if (error instanceof Error && 'errcode' in error && typeof error.errcode === 'number') {
    return error.errcode;
  }
  return error instanceof Error && error.cause !== undefined ? sqliteCode(error.cause) : 0;
}
