import { parentPort, workerData } from 'node:worker_threads';
import { GatewayWorker } from './gateway-worker.ts';
import type { WorkerBirth } from './messages.ts';

/** Entry of a worker thread. */
if (parentPort === null) throw new Error('worker-main runs in a worker thread only');
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- given by WorkerHandle
await new GatewayWorker(workerData as WorkerBirth, parentPort).listen();
