import type { RequestRecord, TokenUsage } from '@keywell/core/log/request-record';

export const START = Date.UTC(2026, 10, 25, 10);

export const usage = (inputTokens: number, outputTokens: number): TokenUsage => ({
  inputTokens,
  outputTokens,
  cachedTokens: 0,
  reasoningTokens: 0,
  estimated: false,
});

/** A logged request of model `smart`, answered by `openai` in a second. */
export function record(atMs: number, more: Partial<RequestRecord> = {}): RequestRecord {
  return {
    id: `req_${atMs}_${more.consumer ?? 'web'}`,
    startedAt: START + atMs,
    durationMs: 1000,
    firstByteMs: 500,
    method: 'POST',
    path: '/v1/chat/completions',
    operation: 'chat.completions',
    dialect: 'openai',
    status: 200,
    errorCode: null,
    aborted: false,
    streamed: false,
    consumer: 'web',
    model: 'smart',
    pool: 'chat',
    provider: 'openai',
    upstreamModel: 'gpt-5',
    key: 'a',
    attempts: 1,
    waitMs: 0,
    requestBytes: 400,
    responseBytes: 800,
    usage: usage(100, 50),
    timeline: [],
    ...more,
  };
}

/** Records as they come from the log. */
export async function* each(records: readonly RequestRecord[]): AsyncGenerator<RequestRecord> {
  yield* records;
}
