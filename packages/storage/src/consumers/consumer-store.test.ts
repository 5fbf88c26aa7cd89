import { temporaryDatabases } from '../sqlite/temporary-databases.contract.ts';
import { describeConsumerStore } from './consumer-store.contract.ts';
import { memoryConsumerStore } from './memory-consumer-store.ts';
import { sqlConsumerStore } from './sql-consumer-store.ts';

const database = temporaryDatabases();

describeConsumerStore('in memory', async () => memoryConsumerStore());
describeConsumerStore('on SQLite', async () => sqlConsumerStore((await database()).db));
