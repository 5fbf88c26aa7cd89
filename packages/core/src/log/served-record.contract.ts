import type { RequestRecord } from './request-record.ts';

/** A logged call of model `smart` that its first key served. */
export function servedRecord(given: Partial<RequestRecord> = {}): RequestRecord {
  return {
    id: 'req_m1-0a',
    startedAt: 1_790_000_000_000,
    durationMs: 12.5,
    firstByteMs: 10.25,
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
    requestBytes: 300,
    responseBytes: 900,
    usage: null,
    costMicros: 0,
    costEstimated: false,
    timeline: [],
    ...given,
  };
}
