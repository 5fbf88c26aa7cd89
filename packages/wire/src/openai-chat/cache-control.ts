import type { CacheMark } from '../canonical/content.ts';
import { isJsonObject, type JsonObject } from '../json/value.ts';

/**
 * `cache_control: {type: 'ephemeral', ttl?}` on a content part, a tool or a tool message: Anthropic's mark, which OpenRouter and others
 * take in this dialect. Source: https://openrouter.ai/docs/features/prompt-caching. OpenAI itself has no such member.
 */
export function decodeCacheMark(holder: JsonObject): CacheMark | null {
  const control = holder['cache_control'];
  if (!isJsonObject(control) || control['type'] !== 'ephemeral') return null;
  const ttl = control['ttl'];
  return { ttl: ttl === '5m' || ttl === '1h' ? ttl : null };
}

/** The reverse, as a member to spread. */
export function cacheControl(mark: CacheMark | null): JsonObject {
  if (mark === null) return {};
  const ttl = mark.ttl === null ? {} : { ttl: mark.ttl };
  return { cache_control: { type: 'ephemeral', ...ttl } };
}
