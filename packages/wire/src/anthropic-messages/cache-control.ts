import type { CacheMark } from '../canonical/content.ts';
import { optionalObject, pathOf, wrongFault } from '../canonical/read-member.ts';
import type { JsonObject } from '../json/value.ts';

/** Reads `cache_control` of a block, a tool or a system text: `{"type": "ephemeral", "ttl"?: "5m" | "1h"}`. */
export function readCache(block: JsonObject, at: string): CacheMark | null {
  const mark = optionalObject(block, 'cache_control', at);
  if (mark === null) return null;
  const ttl = mark['ttl'] ?? null;
  if (ttl !== null && ttl !== '5m' && ttl !== '1h') {
    throw wrongFault(pathOf(pathOf(at, 'cache_control'), 'ttl'), '"5m" or "1h"');
  }
  return { ttl };
}

/** The member that says it; nothing where there is no mark. */
export function cacheMember(cache: CacheMark | null): JsonObject {
  if (cache === null) return {};
  const { ttl } = cache;
  return { cache_control: ttl === null ? { type: 'ephemeral' } : { type: 'ephemeral', ttl } };
}
