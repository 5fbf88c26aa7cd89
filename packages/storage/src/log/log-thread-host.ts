/** Keeps the log's thread alive: starts it with the first message, starts it again with back-off after its death. */
import { getCompileCacheDir } from 'node:module';
import { Worker } from 'node:worker_threads';
import { messageOf } from '../storage-error.ts';
import type {
  FromLogThread,
  LogQuestion,
  LogThreadSettings,
  ToLogThread,
} from './log-thread-protocol.ts';

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 60_000;
/** A thread that lived this long starts the back-off anew. */
const LONG_LIFE_MS = 60_000;
/** Heap of the thread; what waits in it is bounded by the writers' queues. */
const HEAP = { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 4 };

type Batch = Extract<ToLogThread, { kind: 'batch' }>;

export interface LogThreadEvents {
  readonly message: (message: Exclude<FromLogThread, { call: number }>) => void;
  /** The thread is gone, and with it whatever it was given and has not told about. */
  readonly died: (why: string) => void;
}

interface Call {
  readonly resolve: (lines: readonly string[]) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/** Starts the thread that owns DuckDB. */
export function startLogThread(settings: LogThreadSettings): Worker {
  return new Worker(new URL('./duckdb-log-thread.ts', import.meta.url), {
    name: 'request-log',
    workerData: settings,
    resourceLimits: HEAP,
    execArgv: [],
    env: compileCache(), // nothing else of the environment: secrets need not be there twice
  });
}

/** One thread at a time. Batches that come while there is none wait for the next. */
export class LogThreadHost {
  readonly #settings: LogThreadSettings;
  readonly #events: LogThreadEvents;
  readonly #startThread: (settings: LogThreadSettings) => Worker;
  readonly #calls = new Map<number, Call>();
  readonly #backlog: ToLogThread[] = [];
  #worker: Worker | null = null;
  #startedAt = 0;
  #pauseMs = FIRST_PAUSE_MS;
  #pause: NodeJS.Timeout | null = null;
  #nextCall = 0;
  #ended = false;

  constructor(
    settings: LogThreadSettings,
    events: LogThreadEvents,
    startThread: (settings: LogThreadSettings) => Worker,
  ) {
    this.#settings = settings;
    this.#events = events;
    this.#startThread = startThread;
  }

  get running(): boolean {
    return this.#worker !== null;
  }

  /** Passes a batch on, at once or when there is a thread again. */
  send(batch: Batch): void {
    this.#post(batch);
  }

  /** Asks the thread; rejects at the deadline and at the thread's death. */
  ask(question: LogQuestion, deadlineMs: number): Promise<readonly string[]> {
    this.#nextCall += 1;
    const call = this.#nextCall;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#calls.delete(call);
        reject(new Error(`the request log did not answer within ${deadlineMs} ms`));
      }, deadlineMs);
      this.#calls.set(call, { resolve, reject, timer });
      this.#post({ kind: 'question', call, question });
    });
  }

  /** Ends the thread for good. */
  async end(): Promise<void> {
    this.#ended = true;
    if (this.#pause !== null) clearTimeout(this.#pause);
    const worker = this.#worker;
    this.#worker = null;
    this.#failCalls('the request log is closed');
    await worker?.terminate();
  }

  #post(message: ToLogThread): void {
    if (this.#ended) return;
    // a thread that cannot even start has reported this message as lost
    if (this.#worker === null && this.#pause === null && !this.#start()) return;
    if (this.#worker === null) this.#backlog.push(message);
    else this.#worker.postMessage(message);
  }

  #start(): boolean {
    this.#startedAt = performance.now();
    try {
      this.#watch(this.#startThread(this.#settings));
      return true;
    } catch (error) {
      this.#lost(messageOf(error));
      return false;
    }
  }

  #watch(worker: Worker): void {
    this.#worker = worker;
    let why = 'it ended by itself';
    worker.on('message', (message: FromLogThread) => {
      this.#receive(message);
    });
    worker.on('error', (error) => {
      why = messageOf(error);
    });
    worker.on('exit', () => {
      if (this.#worker === worker) this.#lost(why);
    });
    worker.unref();
  }

  #receive(message: FromLogThread): void {
    if (message.kind !== 'answer' && message.kind !== 'failure') {
      this.#events.message(message);
      return;
    }
    const call = this.#calls.get(message.call);
    if (call === undefined) return;
    this.#calls.delete(message.call);
    clearTimeout(call.timer);
    if (message.kind === 'answer') call.resolve(message.lines);
    else call.reject(new Error(message.message));
  }

  #lost(why: string): void {
    this.#worker = null;
    const livedMs = performance.now() - this.#startedAt;
    this.#pauseMs =
      livedMs >= LONG_LIFE_MS ? FIRST_PAUSE_MS : Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
    this.#pause = setTimeout(() => {
      this.#pause = null;
      if (this.#backlog.length === 0) return;
      if (!this.#start()) this.#backlog.length = 0;
      for (const message of this.#backlog.splice(0)) this.#worker?.postMessage(message);
    }, this.#pauseMs);
    this.#pause.unref();
    this.#failCalls(`the request log's thread died: ${why}`);
    this.#events.died(why);
  }

  #failCalls(message: string): void {
    for (const { reject, timer } of this.#calls.values()) {
      clearTimeout(timer);
      reject(new Error(message));
    }
    this.#calls.clear();
  }
}

/** Without the cache that the process uses, the thread would load a whole TypeScript compiler: some 30 MB. */
function compileCache(): NodeJS.ProcessEnv {
  const dir = getCompileCacheDir();
  return dir === undefined ? {} : { NODE_COMPILE_CACHE: dir };
}
