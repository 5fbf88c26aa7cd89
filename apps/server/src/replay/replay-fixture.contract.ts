import type { RequestRecord, TokenUsage } from '@keywell/core/log/request-record';
import { tokenUsage } from '@keywell/core/log/token-usage';
import { servedRecord } from '@keywell/core/log/served-record.contract';

export const START = Date.UTC(2026, 10, 25, 10);

export const usage = (inputTokens: number, outputTokens: number): TokenUsage =>
  tokenUsage({ inputTokens, outputTokens });

/** A logged request of model `smart`, answered by `openai` in a second. */
export function record(atMs: number, more: Partial<RequestRecord> = {}): RequestRecord {
  return servedRecord({
    id: `req_${atMs}_${more.consumer ?? 'web'}`,
    startedAt: START + atMs,
    durationMs: 1000,
    firstByteMs: 500,
    requestBytes: 400,
    responseBytes: 800,
    usage: usage(100, 50),
    ...more,
  });
}

/** Records as they come from the log. */
export async function* each(records: readonly RequestRecord[]): AsyncGenerator<RequestRecord> {
  yield* records;
}
