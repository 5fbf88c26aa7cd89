import { memoryRequestLog } from './memory-request-log.ts';
import { describeRequestLog } from './request-log.contract.ts';

describeRequestLog('in memory', async () => memoryRequestLog());
