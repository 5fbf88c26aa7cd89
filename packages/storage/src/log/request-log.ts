/** The request log as its users see it: gateway workers write through a port, people read through queries. */
import type { MessagePort } from 'node:worker_threads';
import type { RequestRecord } from '@keywell/core/log/request-record';

/** What a writer of the log is given. Both can be handed to another thread. */
export interface LogConnection {
  /** Takes `LogBatch` messages. It stays good when the log's own thread is replaced. */
  readonly port: MessagePort;
  /** Int32 cells named by LOG_GAUGE; the writer adds to `queued` before it sends, and counts in `shed` what it throws away. */
  readonly gauge: SharedArrayBuffer;
  /** How many records this writer may have on the way before it sheds. */
  readonly maxQueuedRows: number;
}

export interface RequestLogQuery {
  /** At most 500. */
  readonly limit: number;
  /** Only what comes after this one in the list: `cursorOf` of the last record seen. */
  readonly before?: string;
  readonly consumer?: string;
  readonly model?: string;
  readonly provider?: string;
  readonly key?: string;
  /** A status, or every request that ended with status 400 or above or with an error code. */
  readonly status?: number | 'error';
  /** Wall clock, epoch milliseconds, inclusive. */
  readonly since?: number;
  /** Wall clock, epoch milliseconds, exclusive. */
  readonly until?: number;
}

export interface RequestLogStats {
  /** Sent by a writer and not yet written. */
  readonly queued: number;
  readonly written: number;
  /** Thrown away by a writer whose queue was full, or by the sink. */
  readonly shed: number;
}

/** Something is wrong with the log; requests are served all the same. */
export interface LogWarning {
  readonly code: 'corrupt_file' | 'write_failed' | 'shed' | 'thread_died' | 'retention_failed';
  readonly message: string;
}

const MAX_LOG_LIMIT = 500;

/** Keeps one record per request. Every call ends within a deadline; a failed one rejects and harms no writer. */
export interface RequestLog {
  /** A connection for one writer; call it again for the writer that replaces a dead one. */
  connect(): LogConnection;
  /** Resolves when everything sent so far is written or counted as shed. */
  flush(): Promise<void>;
  /** Newest first. Sees every record that was sent before the call. */
  list(query: RequestLogQuery): Promise<readonly RequestRecord[]>;
  get(id: string): Promise<RequestRecord | null>;
  stats(): RequestLogStats;
  /** Writes what is queued and releases the files. Later calls reject. */
  close(): Promise<void>;
}

/** The place of a record in the list, newest first. */
export function cursorOf(record: Pick<RequestRecord, 'id' | 'startedAt'>): string {
  return `${Math.trunc(record.startedAt)}/${record.id}`;
}

/** Reads a cursor; null when it is none. */
export function parseCursor(
  cursor: string,
): { readonly startedAt: number; readonly id: string } | null {
  const slash = cursor.indexOf('/');
  const startedAt = Number(cursor.slice(0, slash));
  if (slash < 1 || !Number.isSafeInteger(startedAt)) return null;
  return { startedAt, id: cursor.slice(slash + 1) };
}

/** The limit that is applied: between 1 and 500. */
export function boundedLogLimit(limit: number): number {
  return Math.max(1, Math.min(MAX_LOG_LIMIT, Math.trunc(limit) || 1));
}
