import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StorageError } from '../storage-error.ts';
import { openDatabase } from './database.ts';
import { type SqliteStore, openSqlite } from './open-sqlite.ts';

interface Tables {
  readonly thing: { readonly id: string };
}

const createThing: Migration = {
  up: async (db: Kysely<never>) => {
    await db.schema
      .createTable('thing')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .execute();
  },
};

async function problem(opening: Promise<unknown>): Promise<StorageError> {
  try {
    await opening;
  } catch (error) {
    if (error instanceof StorageError) return error;
    throw error;
  }
  throw new Error('it opened');
}

async function addColumn(db: Kysely<never>): Promise<void> {
  await db.schema.alterTable('thing').addColumn('name', 'text').execute();
}

describe('an SQLite store', () => {
  let dir: string;
  let file: string;
  const stores: SqliteStore<Tables>[] = [];
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'keywell-sqlite-'));
    file = join(dir, 'store.sqlite');
  });
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close();
    rmSync(dir, { recursive: true, force: true });
  });

  const open = async (
    migrations: Readonly<Record<string, Migration>> = { '0001': createThing },
  ): Promise<SqliteStore<Tables>> => {
    const store = await openSqlite<Tables>({ file, migrations, synchronous: 'full' });
    stores.push(store);
    return store;
  };
  const things = async (): Promise<readonly string[]> => {
    const rows = await (await open()).db.selectFrom('thing').selectAll().orderBy('id').execute();
    return rows.map(({ id }) => id);
  };
  const add = async (id: string): Promise<void> => {
    const store = await open();
    await store.db.insertInto('thing').values({ id }).execute();
    await store.close();
    stores.splice(0);
  };

  it('can be read by its owner only, its journal too', async () => {
    await add('a');
    chmodSync(file, 0o644);
    const store = await open();
    await store.db.insertInto('thing').values({ id: 'b' }).execute();
    const modes = readdirSync(dir).map((name) => statSync(join(dir, name)).mode & 0o777);
    expect(modes.length).toBeGreaterThan(1);
    expect(new Set(modes)).toEqual(new Set([0o600]));
  });

  it('keeps its content over any number of openings', async () => {
    await add('a');
    await add('b');
    expect(await things()).toEqual(['a', 'b']);
  });

  it.each([
    ['empty', () => Buffer.alloc(0)],
    [
      'no database',
      () => Buffer.from('not a database at all, but long enough to be looked at\n'.repeat(40)),
    ],
    ['cut short', (whole: Buffer) => whole.subarray(0, 5_000)],
    ['overwritten inside', (whole: Buffer) => whole.fill(0xa5, 4_096, 12_000)],
  ])('is refused by name and left alone when the file is %s', async (_, damage) => {
    await add('a');
    const damaged = damage(readFileSync(file));
    writeFileSync(file, damaged);
    const error = await problem(open());
    expect(error.code).toBe('corrupt');
    expect(error.message).toContain(file);
    expect(readFileSync(file).equals(damaged)).toBe(true);
  });

  it('is refused when it belongs to another program', async () => {
    const foreign = new DatabaseSync(file);
    foreign.exec('create table theirs (id text)');
    foreign.close();
    expect((await problem(open())).message).toContain('another program');
  });

  it('is refused when the file is gone and its journal is not', async () => {
    writeFileSync(`${file}-wal`, 'something');
    expect((await problem(open())).message).toContain('is missing while its journal');
  });

  it('says which folder is missing', async () => {
    file = join(dir, 'nowhere', 'store.sqlite');
    expect((await problem(open())).message).toContain(`${file} cannot be opened`);
  });

  it('refuses a schema from the future, and changes nothing', async () => {
    const newer = await open({ '0001': createThing, '0002': { up: async () => undefined } });
    await newer.db.insertInto('thing').values({ id: 'a' }).execute();
    await newer.close();
    stores.splice(0);
    const error = await problem(open());
    expect(error.code).toBe('newer_schema');
    expect(error.message).toContain('newer version');
  });

  it('undoes a migration that failed, and runs it whole the next time', async () => {
    await add('a');
    const failing: Migration = {
      up: async (db: Kysely<never>) => {
        await addColumn(db);
        throw new Error('half way');
      },
    };
    expect((await problem(open({ '0001': createThing, '0002': failing }))).message).toContain(
      'half way',
    );
    await open({ '0001': createThing, '0002': { up: addColumn } });
    await open({ '0001': createThing, '0002': { up: addColumn } });
  });

  it.each(['a new file', 'an existing file'])(
    'comes through a kill in the middle of a migration of %s',
    async (which) => {
      if (which === 'an existing file') await add('a');
      const script = `
        import { openSqlite } from ${JSON.stringify(new URL('./open-sqlite.ts', import.meta.url).href)};
        const thing = { up: (db) => db.schema.createTable('thing').addColumn('id', 'text', (c) => c.primaryKey()).execute() };
        const killed = { up: async (db) => {
          await db.schema.createTable('half').addColumn('id', 'text').execute();
          process.kill(process.pid, 'SIGKILL');
          await new Promise(() => {});
        } };
        await openSqlite({ file: ${JSON.stringify(file)}, migrations: { '0001': thing, '0002': killed }, synchronous: 'full' });`;
      const child = spawnSync(process.execPath, ['--input-type=module', '-e', script]);
      expect(child.signal).toBe('SIGKILL');
      const half: Migration = {
        up: async (db: Kysely<never>) => {
          await db.schema.createTable('half').addColumn('id', 'text').execute();
        },
      };
      const store = await open({ '0001': createThing, '0002': half });
      const rows = await store.db.selectFrom('thing').selectAll().execute();
      expect(rows).toEqual(which === 'an existing file' ? [{ id: 'a' }] : []);
    },
  );

  it.each(['a new file', 'an existing file'])(
    'lets several processes migrate %s at once',
    async (which) => {
      if (which === 'an existing file') await add('a');
      const script = `
        import { openSqlite } from ${JSON.stringify(new URL('./open-sqlite.ts', import.meta.url).href)};
        const thing = { up: (db) => db.schema.createTable('thing').addColumn('id', 'text', (c) => c.primaryKey()).execute() };
        const more = { up: (db) => db.schema.createTable('more').addColumn('id', 'text').execute() };
        const store = await openSqlite({ file: ${JSON.stringify(file)}, migrations: { '0001': thing, '0002': more }, synchronous: 'full' });
        await store.close();`;
      const children = [1, 2, 3].map(() =>
        spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' }),
      );
      const codes = children.map((child) => new Promise((resolve) => child.once('exit', resolve)));
      expect(await Promise.all(codes)).toEqual([0, 0, 0]);
      const store = await open({ '0001': createThing, '0002': { up: async () => undefined } });
      const rows = await store.db.selectFrom('thing').selectAll().execute();
      expect(rows).toEqual(which === 'an existing file' ? [{ id: 'a' }] : []);
    },
  );

  it('gives the connection to one transaction at a time, and undoes one that fails', async () => {
    const { db } = await open();
    const order: string[] = [];
    const run = (id: string, fail: boolean): Promise<void> =>
      db.transaction().execute(async (transaction) => {
        order.push(`${id} in`);
        await transaction.insertInto('thing').values({ id }).execute();
        await new Promise((resolve) => setImmediate(resolve));
        order.push(`${id} out`);
        if (fail) throw new Error('no');
      });
    await Promise.allSettled([run('a', false), run('b', true), run('c', false)]);
    expect(order).toEqual(['a in', 'a out', 'b in', 'b out', 'c in', 'c out']);
    expect(await things()).toEqual(['a', 'c']);
  });

  it('streams rows and refuses values SQLite cannot hold', async () => {
    const { db } = await open();
    for (const id of ['a', 'b']) await db.insertInto('thing').values({ id }).execute();
    const seen: string[] = [];
    for await (const row of db.selectFrom('thing').selectAll().stream()) seen.push(row.id);
    expect(seen).toEqual(['a', 'b']);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what a careless caller does
    const value = true as unknown as string;
    await expect(db.insertInto('thing').values({ id: value }).execute()).rejects.toThrow('boolean');
  });

  it('opens the database of a node', async () => {
    const database = await openDatabase({ file });
    expect(await database.db.selectFrom('consumer').selectAll().execute()).toEqual([]);
    await database.close();
  });
});
