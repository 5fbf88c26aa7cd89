import type { TokenUsage } from '@keywell/core/log/request-record';
import { readValue } from '../json/read-value.ts';

/**
 * Reads a `usage` object: numbers that are missing count 0. Null when it is none, or says nothing that can be counted.
 * Source: `CompletionUsage` and `CreateEmbeddingResponse.Usage` of the official SDK.
 */
export function readUsage(body: Uint8Array, start: number, end: number): TokenUsage | null {
  const usage = readValue(body, start, end);
  if (!isRecord(usage)) return null;
  const input = usage['prompt_tokens'];
  const output = usage['completion_tokens'];
  if (!isCount(input) && !isCount(output)) return null;
  if (!isCountOrMissing(input) || !isCountOrMissing(output)) return null;
  return {
    inputTokens: input ?? 0,
    outputTokens: output ?? 0,
    cachedTokens: detail(usage['prompt_tokens_details'], 'cached_tokens'),
    reasoningTokens: detail(usage['completion_tokens_details'], 'reasoning_tokens'),
    estimated: false,
  };
}

function detail(details: unknown, name: string): number {
  if (!isRecord(details)) return 0;
  const value = details[name];
  return isCount(value) ? value : 0;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isCountOrMissing(value: unknown): value is number | null | undefined {
  return value === undefined || value === null || isCount(value);
}
