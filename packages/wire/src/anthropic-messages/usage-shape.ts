/**
 * `usage`. `input_tokens` leaves out what was read from the cache and written to it; `output_tokens` takes thinking in.
 * Source: `Usage` and `MessageDeltaUsage` of the official SDK.
 */
import { NO_USAGE, type CanonicalUsage } from '../canonical/response.ts';
import { countsAny, lenientCount, NO_OTHERS, othersIn } from '../canonical/read-member.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../json/value.ts';

const COUNTED = new Set([
  'input_tokens',
  'output_tokens',
  'cache_read_input_tokens',
  'cache_creation_input_tokens',
  'cache_creation',
  'output_tokens_details',
]);

const SUMS = [
  'input_tokens',
  'output_tokens',
  'cache_read_input_tokens',
  'cache_creation_input_tokens',
];

/** Null where it is no object, or counts nothing. */
export function readUsage(value: JsonValue | undefined): CanonicalUsage | null {
  if (!isJsonObject(value) || !countsAny(value, SUMS)) return null;
  const cached = lenientCount(value['cache_read_input_tokens']);
  const creation = asObject(value['cache_creation']);
  const hour = lenientCount(creation['ephemeral_1h_input_tokens']);
  const written =
    value['cache_creation_input_tokens'] === undefined
      ? hour + lenientCount(creation['ephemeral_5m_input_tokens'])
      : lenientCount(value['cache_creation_input_tokens']);
  const details = asObject(value['output_tokens_details']);
  const usage = {
    ...NO_USAGE,
    inputTokens: lenientCount(value['input_tokens']) + cached + written,
    outputTokens: lenientCount(value['output_tokens']),
    cachedTokens: cached,
    cacheWriteTokens: written,
    reasoningTokens: lenientCount(details['thinking_tokens']),
  };
  return hour === 0 ? usage : { ...usage, cacheWriteHourTokens: hour };
}

/** Members that are no count of tokens: server tool calls, tier, place. */
export function usageRest(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? othersIn(value, COUNTED) : NO_OTHERS;
}

export function writeUsage(usage: CanonicalUsage): JsonObject {
  const { inputTokens, cachedTokens, cacheWriteTokens, reasoningTokens } = usage;
  const hour = usage.cacheWriteHourTokens ?? 0;
  return {
    input_tokens: Math.max(0, inputTokens - cachedTokens - cacheWriteTokens),
    cache_creation_input_tokens: cacheWriteTokens,
    cache_read_input_tokens: cachedTokens,
    cache_creation: {
      ephemeral_5m_input_tokens: Math.max(0, cacheWriteTokens - hour),
      ephemeral_1h_input_tokens: hour,
    },
    output_tokens: usage.outputTokens,
    output_tokens_details: reasoningTokens === 0 ? undefined : { thinking_tokens: reasoningTokens },
    server_tool_use: null,
    service_tier: null,
  };
}

function asObject(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}
