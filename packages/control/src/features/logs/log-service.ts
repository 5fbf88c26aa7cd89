import type { RequestRecord } from '@keywell/core/log/request-record';
import { cursorOf, parseCursor } from '@keywell/storage/log/request-log';
import type { Answer, Refusal } from '../../http/bind-route.ts';
import type { LogQuery, RequestLogReader } from '../../ports/stores.ts';

export interface LogPorts {
  /** Null when the request log is off. */
  readonly requestLog: RequestLogReader | null;
}

const OFF: Refusal = {
  ok: false,
  code: 'not_found',
  detail: 'The request log is off; set log.enabled in the configuration and start again.',
};

export interface LogPage {
  readonly records: readonly RequestRecord[];
  readonly next: string | null;
}

/** Requests, newest first. */
export async function listLogs(
  { requestLog }: LogPorts,
  query: LogQuery,
): Promise<Answer<LogPage>> {
  if (requestLog === null) return OFF;
  if (query.before !== undefined && parseCursor(query.before) === null)
    return { ok: false, code: 'invalid_parameter', detail: 'before: pass "next" of a page here.' };
  const records = await requestLog.list(query);
  const last = records.at(-1);
  const next = last === undefined || records.length < query.limit ? null : cursorOf(last);
  return { ok: true, value: { records, next } };
}

/** One request with its timeline. */
export async function getLog({ requestLog }: LogPorts, id: string): Promise<Answer<RequestRecord>> {
  if (requestLog === null) return OFF;
  const record = await requestLog.get(id);
  if (record !== null) return { ok: true, value: record };
  return { ok: false, code: 'not_found', detail: 'There is no request of this id in the log.' };
}
