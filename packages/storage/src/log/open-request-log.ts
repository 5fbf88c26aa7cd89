import { mkdirSync } from 'node:fs';
import { decodeLine } from '@keywell/core/log/record-line';
import type { RequestRecord } from '@keywell/core/log/request-record';
import { messageOf } from '../storage-error.ts';
import { LogIntake } from './log-intake.ts';
import { LogThreadHost, startLogThread } from './log-thread-host.ts';
import { listMonths, removeMonth, removeOldAside, retentionCutoff, spanOf } from './month-files.ts';
import {
  type LogConnection,
  type LogWarning,
  type RequestLog,
  type RequestLogQuery,
  type RequestLogStats,
  boundedLogLimit,
  parseCursor,
} from './request-log.ts';

export interface RequestLogOptions {
  /** Folder of the monthly files; created when missing. */
  readonly dir: string;
  /** Memory DuckDB may use for its buffers; 48 unless told. */
  readonly memoryLimitMb?: number;
  /** Records one writer may have on the way; 8,192 unless told. */
  readonly maxQueuedRows?: number;
  /** Records older than this are removed; 30 unless told. */
  readonly retentionDays?: number;
  readonly onWarning: (warning: LogWarning) => void;
}

const SEARCH_MS = 10_000;
const FLUSH_MS = 10_000;
const CLOSE_MS = 15_000;
const RETENTION_MS = 60_000;
const RETENTION_EVERY_MS = 3_600_000;
/** Records on the way, in characters: bounds the memory of records with long timelines. */
const MAX_QUEUED_CHARS = 32 * 1024 * 1024;

/**
 * Opens the log on DuckDB. Its thread starts with the first record or question, so that an idle log costs nothing. Never throws for a
 * damaged file: that is moved aside with a warning.
 */
export async function openRequestLog(
  options: RequestLogOptions,
  startThread = startLogThread,
): Promise<RequestLog> {
  const log = new DuckdbRequestLog(options, startThread);
  try {
    mkdirSync(options.dir, { recursive: true, mode: 0o700 });
    log.removeOldFiles();
  } catch (error) {
    options.onWarning({
      code: 'write_failed',
      message: `the request log's folder ${options.dir} cannot be used: ${messageOf(error)}`,
    });
  }
  return log;
}

class DuckdbRequestLog implements RequestLog {
  readonly #options: RequestLogOptions;
  readonly #retentionDays: number;
  readonly #intake: LogIntake;
  readonly #thread: LogThreadHost;
  readonly #clock: NodeJS.Timeout;
  #closed = false;

  constructor(options: RequestLogOptions, startThread: typeof startLogThread) {
    this.#options = options;
    this.#retentionDays = Math.max(1, options.retentionDays ?? 30);
    const { dir, memoryLimitMb = 48, maxQueuedRows = 8_192 } = options;
    this.#thread = new LogThreadHost(
      { dir, memoryLimitMb, retentionDays: this.#retentionDays },
      {
        message: (message) => {
          if (message.kind === 'outcomes') this.#intake.settle(message.outcomes);
          else options.onWarning(message.warning);
        },
        died: (why) => {
          this.#threadDied(why);
        },
      },
      startThread,
    );
    this.#intake = new LogIntake({ maxQueuedRows, maxQueuedChars: MAX_QUEUED_CHARS }, (batch) => {
      this.#thread.send({ kind: 'batch', ...batch });
    });
    this.#clock = setInterval(() => void this.#retain(), RETENTION_EVERY_MS);
    this.#clock.unref();
  }

  connect(): LogConnection {
    if (this.#closed) throw new Error('the request log is closed');
    return this.#intake.connect();
  }

  async flush(): Promise<void> {
    this.#prepare();
    if (!this.#intake.idle) await this.#thread.ask({ ask: 'flush' }, FLUSH_MS);
  }

  async list(query: RequestLogQuery): Promise<readonly RequestRecord[]> {
    this.#prepare();
    if (query.before !== undefined && parseCursor(query.before) === null) {
      throw new TypeError('the cursor is not one of ours');
    }
    if (this.#empty()) return [];
    const bounded = { ...query, limit: boundedLogLimit(query.limit) };
    const question = { ask: 'list', query: bounded, deadlineMs: SEARCH_MS } as const;
    return (await this.#thread.ask(question, SEARCH_MS + FLUSH_MS)).map(decodeLine);
  }

  async get(id: string): Promise<RequestRecord | null> {
    this.#prepare();
    if (this.#empty()) return null;
    const question = { ask: 'get', id, deadlineMs: SEARCH_MS } as const;
    const [line] = await this.#thread.ask(question, SEARCH_MS + FLUSH_MS);
    return line === undefined ? null : decodeLine(line);
  }

  stats(): RequestLogStats {
    return this.#intake.stats();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#intake.drain();
    this.#closed = true;
    clearInterval(this.#clock);
    try {
      if (this.#thread.running || !this.#intake.idle) {
        await this.#thread.ask({ ask: 'close' }, CLOSE_MS);
      }
    } catch (error) {
      this.#options.onWarning({
        code: 'write_failed',
        message: `the request log did not close cleanly: ${messageOf(error)}`,
      });
    }
    await this.#thread.end();
    this.#intake.shedAll();
    this.#intake.close();
  }

  /** Removes months that are over; only called while no thread has them open. */
  removeOldFiles(): void {
    const { dir } = this.#options;
    const cutoff = retentionCutoff(Date.now(), this.#retentionDays);
    for (const month of listMonths(dir)) if (spanOf(month).end <= cutoff) removeMonth(dir, month);
    removeOldAside(dir, cutoff);
  }

  #prepare(): void {
    if (this.#closed) throw new Error('the request log is closed');
    this.#intake.drain();
  }

  /** True when there is nothing to search and no thread has to start for it. */
  #empty(): boolean {
    return !this.#thread.running && this.#intake.idle && listMonths(this.#options.dir).length === 0;
  }

  /** A running thread sees to it by itself; an idle log is looked after here. */
  async #retain(): Promise<void> {
    if (this.#thread.running) return;
    try {
      this.removeOldFiles();
      const cutoff = retentionCutoff(Date.now(), this.#retentionDays);
      const due = listMonths(this.#options.dir).some((month) => spanOf(month).start < cutoff);
      if (due) await this.#thread.ask({ ask: 'retain' }, RETENTION_MS);
    } catch (error) {
      this.#options.onWarning({ code: 'retention_failed', message: messageOf(error) });
    }
  }

  #threadDied(why: string): void {
    const lost = this.#intake.shedAll();
    this.#options.onWarning({
      code: 'thread_died',
      message: `the request log's thread died and is started again; ${lost} records were lost: ${why}`,
    });
  }
}
