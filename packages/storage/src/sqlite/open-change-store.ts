import type { Compilable, Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import { openSqlite } from './open-sqlite.ts';

/** Changes in a file of their own, each written before the caller goes on. */
export interface ChangeStore<Tables, Change> {
  readonly db: Kysely<Tables>;
  readonly applyNow: (changes: readonly Change[]) => void;
  readonly close: () => Promise<void>;
}

/**
 * Opens a file that takes changes while nobody can wait: in a file shared with others a write could find their transaction half way and
 * wait for the very thread that is waiting. Throws StorageError as `openDatabase` does.
 */
export async function openChangeStore<Tables, Change>(options: {
  readonly file: string;
  readonly migrations: Readonly<Record<string, Migration>>;
  readonly toQuery: (db: Kysely<Tables>, change: Change) => Compilable;
}): Promise<ChangeStore<Tables, Change>> {
  const { file, migrations, toQuery } = options;
  const store = await openSqlite<Tables>({ file, migrations, synchronous: 'normal' });
  return {
    db: store.db,
    applyNow: (changes) => {
      if (changes.length > 0) store.runNow(changes.map((change) => toQuery(store.db, change)));
    },
    close: () => store.close(),
  };
}
