/** The thread that owns DuckDB: collects batches, writes them together a few times a second, answers one question at a time. */
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '../storage-error.ts';
import { LogDatabase } from './log-database.ts';
import { removeOldRecords } from './log-retention.ts';
import { type LogSearch, findRecord, listRecords } from './log-search.ts';
import { type LinesBatch, writeBatches } from './log-sink.ts';
import type {
  FromLogThread,
  LogQuestion,
  LogThreadSettings,
  ToLogThread,
} from './log-thread-protocol.ts';
import { retentionCutoff } from './month-files.ts';
import type { LogWarning } from './request-log.ts';

const WRITE_EVERY_MS = 500;
/** Rows that are written without waiting for the interval to pass. */
const WRITE_AT_ROWS = 2_048;
/** After a failed write the next one comes later. */
const WRITE_AFTER_FAILURE_MS = 1_000;
const RETENTION_EVERY_MS = 3_600_000;
const SAME_WARNING_EVERY_MS = 60_000;

class LogThread {
  readonly #settings: LogThreadSettings;
  readonly #send: (message: FromLogThread) => void;
  readonly #database: LogDatabase;
  readonly #warnedAt = new Map<LogWarning['code'], number>();
  #waiting: LinesBatch[] = [];
  #waitingRows = 0;
  #timer: NodeJS.Timeout | null = null;
  #lastWriteAt = -Infinity;
  #failing = false;
  /** Writes and everything else that changes files, one after the other. */
  #steps: Promise<unknown> = Promise.resolve();
  /** Questions, one after the other. */
  #questions: Promise<unknown> = Promise.resolve();

  constructor(settings: LogThreadSettings, send: (message: FromLogThread) => void) {
    this.#settings = settings;
    this.#send = send;
    this.#database = new LogDatabase(settings, (warning) => {
      this.#warn(warning);
    });
    setInterval(() => void this.#retain(), RETENTION_EVERY_MS).unref();
    void this.#retain();
  }

  receive(message: ToLogThread): void {
    if (message.kind === 'question') {
      const { call, question } = message;
      if (question.ask === 'flush') void this.#answer(call, question);
      else this.#questions = this.#questions.then(() => this.#answer(call, question));
      return;
    }
    this.#waiting.push(message);
    this.#waitingRows += message.rows;
    if (this.#waitingRows >= WRITE_AT_ROWS && !this.#failing) this.#writeSoon(0);
    else if (this.#timer === null) this.#writeSoon(this.#pauseLeft());
  }

  #pauseLeft(): number {
    const pause = this.#failing ? WRITE_AFTER_FAILURE_MS : WRITE_EVERY_MS;
    return Math.max(0, this.#lastWriteAt + pause - performance.now());
  }

  #writeSoon(inMs: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#write(), inMs);
  }

  #write(): Promise<void> {
    return this.#exclusively(async () => {
      if (this.#timer !== null) clearTimeout(this.#timer);
      this.#timer = null;
      const batches = this.#waiting;
      if (batches.length === 0) return;
      this.#waiting = [];
      this.#waitingRows = 0;
      this.#lastWriteAt = performance.now();
      this.#failing = false;
      const outcomes = await writeBatches(this.#database, batches, (warning) => {
        this.#failing = true;
        this.#warn(warning);
      });
      this.#send({ kind: 'outcomes', outcomes });
    });
  }

  #exclusively<T>(step: () => Promise<T>): Promise<T> {
    const result = this.#steps.then(step);
    this.#steps = result.catch(() => undefined);
    return result;
  }

  async #answer(call: number, question: LogQuestion): Promise<void> {
    try {
      this.#send({ kind: 'answer', call, lines: await this.#ask(question) });
    } catch (error) {
      this.#send({ kind: 'failure', call, message: messageOf(error) });
    }
  }

  async #ask(question: LogQuestion): Promise<readonly string[]> {
    await this.#write();
    switch (question.ask) {
      case 'list':
        return await listRecords(this.#search(question.deadlineMs), question.query);
      case 'get':
        return await findRecord(this.#search(question.deadlineMs), question.id);
      case 'retain':
        await this.#retain();
        break;
      case 'close':
        await this.#exclusively(() => this.#close());
        break;
      case 'flush':
        break;
    }
    return [];
  }

  #search(deadlineMs: number): LogSearch {
    return {
      database: this.#database,
      exclusively: (step) => this.#exclusively(step),
      deadline: performance.now() + deadlineMs,
    };
  }

  async #close(): Promise<void> {
    try {
      await this.#database.checkpoint();
    } finally {
      await this.#database.close();
    }
  }

  async #retain(): Promise<void> {
    const cutoff = retentionCutoff(Date.now(), this.#settings.retentionDays);
    try {
      await this.#exclusively(() => removeOldRecords(this.#database, cutoff));
    } catch (error) {
      this.#warn({
        code: 'retention_failed',
        message: `old request records could not be removed: ${messageOf(error)}`,
      });
    }
  }

  #warn(warning: LogWarning): void {
    const now = performance.now();
    const before = this.#warnedAt.get(warning.code) ?? -Infinity;
    if (warning.code !== 'corrupt_file' && now - before < SAME_WARNING_EVERY_MS) return;
    this.#warnedAt.set(warning.code, now);
    this.#send({ kind: 'warning', warning });
  }
}

if (parentPort !== null) {
  const port = parentPort;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the one starter of this thread is typed
  const thread = new LogThread(workerData as LogThreadSettings, (message) => {
    port.postMessage(message);
  });
  port.on('message', (message: ToLogThread) => {
    thread.receive(message);
  });
}
