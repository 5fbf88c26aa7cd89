import { countsAny, lenientCount } from '../canonical/read-member.ts';
import { NO_USAGE, type CanonicalUsage } from '../canonical/response.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../json/value.ts';

const SUMS = ['input_tokens', 'output_tokens'];

/** `ResponseUsage`: cached and cache-written tokens are part of the input, reasoning is part of the output, as in the canonical form. */
export function decodeUsage(usage: JsonValue | undefined): CanonicalUsage | null {
  if (!isJsonObject(usage) || !countsAny(usage, SUMS)) return null;
  const input = membersOf(usage['input_tokens_details']);
  const output = membersOf(usage['output_tokens_details']);
  return {
    ...NO_USAGE,
    inputTokens: lenientCount(usage['input_tokens']),
    outputTokens: lenientCount(usage['output_tokens']),
    cachedTokens: lenientCount(input['cached_tokens']),
    cacheWriteTokens: lenientCount(input['cache_write_tokens']),
    reasoningTokens: lenientCount(output['reasoning_tokens']),
  };
}

function membersOf(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

/** Audio tokens have no member of their own here; they stay counted in the sums. */
export function encodeUsage(usage: CanonicalUsage | null): JsonObject | null {
  if (usage === null) return null;
  const { inputTokens, outputTokens, cachedTokens, cacheWriteTokens, reasoningTokens } = usage;
  return {
    input_tokens: inputTokens,
    input_tokens_details: { cached_tokens: cachedTokens, cache_write_tokens: cacheWriteTokens },
    output_tokens: outputTokens,
    output_tokens_details: { reasoning_tokens: reasoningTokens },
    total_tokens: inputTokens + outputTokens,
  };
}
