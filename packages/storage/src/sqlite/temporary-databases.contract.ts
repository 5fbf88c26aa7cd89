import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { type Database, openDatabase } from './database.ts';

/** Opens a new database in a folder of its own at each call; all are gone after the test. */
export function temporaryDatabases(): () => Promise<Database> {
  const opened: { readonly dir: string; readonly database: Database }[] = [];
  afterEach(async () => {
    for (const { dir, database } of opened.splice(0)) {
      await database.close();
      rmSync(dir, { recursive: true, force: true });
    }
  });
  return async () => {
    const dir = mkdtempSync(join(tmpdir(), 'keywell-database-'));
    const database = await openDatabase({ file: join(dir, 'keywell.sqlite') });
    opened.push({ dir, database });
    return database;
  };
}
