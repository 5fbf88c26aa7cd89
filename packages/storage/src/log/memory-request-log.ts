import { decodeLine } from '@keywell/core/log/record-line';
import type { RequestRecord } from '@keywell/core/log/request-record';
import { type ArrivedBatch, LogIntake } from './log-intake.ts';
import {
  type RequestLog,
  type RequestLogQuery,
  boundedLogLimit,
  parseCursor,
} from './request-log.ts';

/** The request log in memory: the fake of tests. Keeps at most `maxRecords`, the newest. */
export function memoryRequestLog(maxRecords = 10_000): RequestLog {
  const records: RequestRecord[] = [];
  let closed = false;
  const intake: LogIntake = new LogIntake(
    { maxQueuedRows: 8_192, maxQueuedChars: 32 * 1024 * 1024 },
    (batch) => {
      intake.settle([keep(records, batch)]);
      records.splice(0, Math.max(0, records.length - maxRecords));
    },
  );
  const prepare = (): void => {
    if (closed) throw new Error('the request log is closed');
    intake.drain();
  };
  return {
    connect: () => intake.connect(),
    flush: async () => {
      prepare();
    },
    list: async (query) => {
      prepare();
      return select(records, query);
    },
    get: async (id) => {
      prepare();
      return records.find((record) => record.id === id) ?? null;
    },
    stats: () => intake.stats(),
    close: async () => {
      closed = true;
      intake.close();
    },
  };
}

function keep(
  records: RequestRecord[],
  batch: ArrivedBatch,
): { readonly seq: number; readonly written: number; readonly shed: number } {
  let written = 0;
  for (const line of batch.lines.split('\n')) {
    try {
      const record = decodeLine(line);
      if (typeof record.id !== 'string') continue;
      records.push(record);
      written += 1;
    } catch {
      // no record; counted as shed below
    }
  }
  return { seq: batch.seq, written, shed: batch.rows - written };
}

function select(
  records: readonly RequestRecord[],
  query: RequestLogQuery,
): readonly RequestRecord[] {
  const before = query.before === undefined ? undefined : parseCursor(query.before);
  if (before === null) throw new TypeError('the cursor is not one of ours');
  return records
    .filter((record) => matches(record, query))
    .filter((record) => before === undefined || newerFirst(before, record) < 0)
    .toSorted(newerFirst)
    .slice(0, boundedLogLimit(query.limit));
}

function matches(record: RequestRecord, query: RequestLogQuery): boolean {
  const startedAt = Math.trunc(record.startedAt);
  for (const name of ['consumer', 'model', 'provider', 'key'] as const) {
    if (query[name] !== undefined && query[name] !== record[name]) return false;
  }
  if (startedAt < (query.since ?? -Infinity) || startedAt >= (query.until ?? Infinity))
    return false;
  if (query.status === 'error') return record.status >= 400 || record.errorCode !== null;
  return query.status === undefined || query.status === record.status;
}

type Place = Pick<RequestRecord, 'startedAt' | 'id'>;

function newerFirst(a: Place, b: Place): number {
  const apart = Math.trunc(b.startedAt) - Math.trunc(a.startedAt);
  if (apart !== 0) return apart;
  if (a.id === b.id) return 0;
  return a.id < b.id ? 1 : -1;
}
