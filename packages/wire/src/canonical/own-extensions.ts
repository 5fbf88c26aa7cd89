import type { JsonObject, JsonValue } from '../json/value.ts';
import type { Drops } from './drops.ts';

/**
 * A body with what else its caller said, where that was in the body's own dialect; `merged` are members that were written into others
 * already. What another dialect's caller said is named.
 */
export function withOwnExtensions(
  body: JsonObject,
  extensions: JsonObject,
  {
    own,
    merged,
    drops,
  }: {
    readonly own: boolean;
    readonly merged: ReadonlySet<string>;
    readonly drops: Drops;
  },
): JsonObject {
  let kept: Record<string, JsonValue | undefined> | null = null;
  for (const name in extensions) {
    if (!own) drops.add(name);
    else if (!merged.has(name)) (kept ??= {})[name] = extensions[name];
  }
  return kept === null ? body : { ...body, ...kept };
}
