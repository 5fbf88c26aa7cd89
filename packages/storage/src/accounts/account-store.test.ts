import { temporaryDatabases } from '../sqlite/temporary-databases.contract.ts';
import { describeAccountStore } from './account-store.contract.ts';
import { memoryAccountStore } from './memory-account-store.ts';
import { sqlAccountStore } from './sql-account-store.ts';

const database = temporaryDatabases();

describeAccountStore('in memory', async () => memoryAccountStore());
describeAccountStore('on SQLite', async () => sqlAccountStore((await database()).db));
