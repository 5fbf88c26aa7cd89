import { temporaryDatabases } from '../sqlite/temporary-databases.contract.ts';
import { describeAlertStore } from './alert-store.contract.ts';
import { memoryAlertStore } from './memory-alert-store.ts';
import { sqlAlertStore } from './sql-alert-store.ts';

const database = temporaryDatabases();

describeAlertStore('in memory', async () => memoryAlertStore());
describeAlertStore('on SQLite', async () => sqlAlertStore((await database()).db));
