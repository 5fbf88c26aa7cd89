import { Worker } from 'node:worker_threads';
import type { FromWorker, ToWorker, WorkerBirth } from '../worker/messages.ts';

/** A leak ends one worker, early; bodies and buffers lie outside the heap. The young generation's size is the process's. */
const HEAP = { maxOldGenerationSizeMb: 1024 };

const WORKER_MAIN = new URL('../worker/worker-main.ts', import.meta.url);

export interface WorkerEvents {
  onMessage(message: FromWorker): void;
  /** The thread is gone, however it ended. */
  onExit(code: number, error: Error | null): void;
}

/** One worker thread as the main thread sees it. */
export class WorkerHandle {
  readonly birth: WorkerBirth;
  readonly #thread: Worker;

  /** `entry` is the script of the thread, for tests of what a thread can do. */
  constructor(birth: WorkerBirth, events: WorkerEvents, entry: URL = WORKER_MAIN) {
    this.birth = birth;
    this.#thread = new Worker(entry, {
      workerData: birth,
      transferList: birth.log === null ? [] : [birth.log.port],
      resourceLimits: HEAP,
      name: `gateway-${birth.worker}`,
    });
    let failure: Error | null = null;
    this.#thread.on('error', (error: Error) => {
      failure = error;
    });
    this.#thread.on('message', (message: FromWorker) => events.onMessage(message));
    this.#thread.on('exit', (code) => events.onExit(code, failure));
  }

  tell(message: ToWorker): void {
    this.#thread.postMessage(message);
  }

  async terminate(): Promise<void> {
    await this.#thread.terminate();
  }
}
