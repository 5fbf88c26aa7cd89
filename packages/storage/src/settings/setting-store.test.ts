import { temporaryDatabases } from '../sqlite/temporary-databases.contract.ts';
import { memorySettingStore } from './memory-setting-store.ts';
import { describeSettingStore } from './setting-store.contract.ts';
import { sqlSettingStore } from './sql-setting-store.ts';

const database = temporaryDatabases();

describeSettingStore('in memory', async () => memorySettingStore());
describeSettingStore('on SQLite', async () => sqlSettingStore((await database()).db));
