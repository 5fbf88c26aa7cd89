import { parentPort, workerData } from 'node:worker_threads';
import { GatewayWorker } from './gateway-worker.ts';
import type { WorkerBirth } from './messages.ts';

/** Entry of a worker thread; loaded by the main thread it does nothing. */
if (parentPort !== null) {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- given by WorkerHandle
  await new GatewayWorker(workerData as WorkerBirth, parentPort).listen();
}
