import { temporaryDatabases } from '../sqlite/temporary-databases.contract.ts';
import { memorySnapshotStore } from './memory-snapshot-store.ts';
import { describeSnapshotStore } from './snapshot-store.contract.ts';
import { sqlSnapshotStore } from './sql-snapshot-store.ts';

const database = temporaryDatabases();

describeSnapshotStore('in memory', async () => memorySnapshotStore());
describeSnapshotStore('on SQLite', async () => sqlSnapshotStore((await database()).db));
