import { countsAny, lenientCount } from '../canonical/read-member.ts';
import type { CanonicalUsage } from '../canonical/response.ts';
import { NO_USAGE } from '../canonical/response.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../json/value.ts';

const SUMS = ['inputTokens', 'outputTokens', 'cacheReadInputTokens', 'cacheWriteInputTokens'];

/**
 * `usage` of an answer or of `metadata`; null where there is none. `inputTokens` leaves out what was read from and written to the cache,
 * and thoughts are part of `outputTokens`: https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html
 */
export function readUsage(usage: JsonValue | undefined): CanonicalUsage | null {
  if (!isJsonObject(usage) || !countsAny(usage, SUMS)) return null;
  const cachedTokens = lenientCount(usage['cacheReadInputTokens']);
  const cacheWriteTokens = lenientCount(usage['cacheWriteInputTokens']);
  return {
    ...NO_USAGE,
    inputTokens: lenientCount(usage['inputTokens']) + cachedTokens + cacheWriteTokens,
    outputTokens: lenientCount(usage['outputTokens']),
    cachedTokens,
    cacheWriteTokens,
  };
}

export function writeUsage(usage: CanonicalUsage): JsonObject {
  const { inputTokens, outputTokens, cachedTokens, cacheWriteTokens } = usage;
  return {
    inputTokens: Math.max(0, inputTokens - cachedTokens - cacheWriteTokens),
    outputTokens,
    totalTokens: inputTokens + outputTokens,
    ...(cachedTokens > 0 ? { cacheReadInputTokens: cachedTokens } : {}),
    ...(cacheWriteTokens > 0 ? { cacheWriteInputTokens: cacheWriteTokens } : {}),
  };
}
