import type { JsonObject } from '../json/value.ts';
import type { PartExtras } from './content.ts';
import type { Dialect } from './dialect.ts';
import type { Drops } from './drops.ts';

const NONE: JsonObject = Object.freeze({});

/** Members to write over those that an encoder for `target` made of a part; what `target` cannot say is named. */
export function extrasFor(
  extras: PartExtras | undefined,
  target: Dialect,
  drops: Drops,
): JsonObject {
  if (extras === undefined) return NONE;
  if (extras.origin === target) return extras.members;
  for (const name of Object.keys(extras.members)) drops.add(name);
  return NONE;
}
