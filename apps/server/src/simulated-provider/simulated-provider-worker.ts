import { parentPort } from 'node:worker_threads';
import { startSimulator } from '@keywell/simulator/start-simulator';

/** The simulator in a thread of its own, so that its work is not counted as the main thread's. Loaded elsewhere it does nothing. */
if (parentPort !== null) {
  const simulator = await startSimulator({ port: 0 });
  parentPort.postMessage({ url: simulator.url });
  parentPort.on('message', () => {
    void simulator.close().then(() => process.exit(0));
  });
}
