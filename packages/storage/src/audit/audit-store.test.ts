import { temporaryDatabases } from '../sqlite/temporary-databases.contract.ts';
import { describeAuditStore } from './audit-store.contract.ts';
import { memoryAuditStore } from './memory-audit-store.ts';
import { sqlAuditStore } from './sql-audit-store.ts';

const database = temporaryDatabases();

describeAuditStore('in memory', async () => memoryAuditStore());
describeAuditStore('on SQLite', async () => sqlAuditStore((await database()).db));
