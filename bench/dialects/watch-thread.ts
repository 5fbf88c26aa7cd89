// Loaded into every thread of a Keywell under measurement (NODE_OPTIONS=--import): tells, when asked over a socket, what the thread holds
// and how long its event loop stood still. Without a question it does nothing.
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { isMainThread, threadId } from 'node:worker_threads';

/** What a thread says of itself. */
export interface ThreadReading {
  readonly worker: boolean;
  /** Longest stall of the event loop since it was reset, milliseconds. */
  readonly longestStallMs: number;
  readonly heapBytes: number;
  readonly bufferBytes: number;
}

const folder = process.env['BENCH_WATCH'];
if (folder !== undefined) {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.on('data', (question) => {
      const { max } = delay;
      if (question.toString() === 'reset') {
        collect();
        setTimeout(() => delay.reset(), 20);
      }
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      const reading: ThreadReading = {
        worker: !isMainThread,
        longestStallMs: max / 1e6,
        heapBytes: heapUsed,
        bufferBytes: arrayBuffers,
      };
      socket.end(JSON.stringify(reading));
    });
  })
    .listen(join(folder, `${process.pid}-${threadId}-${randomUUID().slice(0, 8)}.sock`))
    .unref();
}
