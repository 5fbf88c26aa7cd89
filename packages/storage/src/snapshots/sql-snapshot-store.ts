import type { Kysely } from 'kysely';
import { KEPT_SNAPSHOTS, type SavedSnapshot, type SnapshotStore } from './snapshot-store.ts';

export interface SavedSnapshotTable {
  readonly version: number;
  readonly hash: string;
  readonly saved_at: number;
  readonly text: string;
}

type Db = Kysely<{ saved_snapshot: SavedSnapshotTable }>;

/** Last good configurations in a SQL database. */
export function sqlSnapshotStore(db: Db): SnapshotStore {
  return {
    save: (snapshot) => save(db, snapshot),
    latest: async () => (await newest(db, 1))[0] ?? null,
    list: () => newest(db, KEPT_SNAPSHOTS),
  };
}

async function save(db: Db, snapshot: SavedSnapshot): Promise<void> {
  const rest = { hash: snapshot.hash, saved_at: snapshot.savedAt, text: snapshot.text };
  await db.transaction().execute(async (transaction) => {
    await transaction
      .insertInto('saved_snapshot')
      .values({ version: snapshot.version, ...rest })
      .onConflict((conflict) => conflict.column('version').doUpdateSet(rest))
      .execute();
    const kept = transaction
      .selectFrom('saved_snapshot')
      .select('version')
      .orderBy('version', 'desc')
      .limit(KEPT_SNAPSHOTS);
    await transaction.deleteFrom('saved_snapshot').where('version', 'not in', kept).execute();
  });
}

async function newest(db: Db, limit: number): Promise<readonly SavedSnapshot[]> {
  const rows = await db
    .selectFrom('saved_snapshot')
    .selectAll()
    .orderBy('version', 'desc')
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    version: row.version,
    hash: row.hash,
    savedAt: row.saved_at,
    text: row.text,
  }));
}
