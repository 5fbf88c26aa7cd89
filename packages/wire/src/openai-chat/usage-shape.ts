import type { CanonicalUsage } from '../canonical/response.ts';
import { countsAny, lenientCount } from '../canonical/read-member.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../json/value.ts';

const NONE: JsonObject = {};

const SUMS = ['prompt_tokens', 'completion_tokens'];

/**
 * A `usage` object; null where there is none. Source: `CompletionUsage` of the official SDK; `prompt_cache_hit_tokens` is DeepSeek's,
 * `cached_tokens` at the top Moonshot's. xAI leaves reasoning out of `completion_tokens`: seen by a total that counts it in.
 */
export function decodeUsage(usage: JsonValue | undefined): CanonicalUsage | null {
  if (!isJsonObject(usage) || !countsAny(usage, SUMS)) return null;
  const input = memberOf(usage, 'prompt_tokens_details');
  const output = memberOf(usage, 'completion_tokens_details');
  const inputTokens = lenientCount(usage['prompt_tokens']);
  const told = lenientCount(usage['completion_tokens']);
  const reasoningTokens = lenientCount(output['reasoning_tokens']);
  const total = lenientCount(usage['total_tokens']);
  const apart = reasoningTokens > 0 && total === inputTokens + told + reasoningTokens;
  return {
    inputTokens,
    outputTokens: apart ? told + reasoningTokens : told,
    cachedTokens:
      lenientCount(input['cached_tokens']) ||
      lenientCount(usage['prompt_cache_hit_tokens']) ||
      lenientCount(usage['cached_tokens']),
    cacheWriteTokens: lenientCount(input['cache_write_tokens']),
    reasoningTokens,
    audioInputTokens: lenientCount(input['audio_tokens']),
    audioOutputTokens: lenientCount(output['audio_tokens']),
  };
}

function memberOf(usage: JsonObject, name: string): JsonObject {
  const value = usage[name];
  return isJsonObject(value) ? value : NONE;
}

/** `cache_write_tokens` and the audio counts are told only where there are any. */
export function encodeUsage(usage: CanonicalUsage): JsonObject {
  const { inputTokens, outputTokens, cacheWriteTokens, audioInputTokens, audioOutputTokens } =
    usage;
  return {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
    prompt_tokens_details: {
      cached_tokens: usage.cachedTokens,
      cache_write_tokens: someOf(cacheWriteTokens),
      audio_tokens: someOf(audioInputTokens),
    },
    completion_tokens_details: {
      reasoning_tokens: usage.reasoningTokens,
      audio_tokens: someOf(audioOutputTokens),
    },
  };
}

/** Nothing in place of 0. */
const someOf = (count: number): number | undefined => (count > 0 ? count : undefined);
