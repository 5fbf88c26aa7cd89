import type { JsonObject } from '../json/value.ts';
import type { PartExtras } from './content.ts';
import type { Dialect } from './dialect.ts';
import type { Drops } from './drops.ts';

/** For a decoder to spread into a part: nothing where there is nothing else. */
export function extrasOf(origin: Dialect, members: JsonObject): { readonly extras?: PartExtras } {
  return Object.keys(members).length === 0 ? {} : { extras: { origin, members } };
}

/** For an encoder: what is said of a part in its dialect; what another dialect says of it is noted as lost. */
export function extrasFor(
  dialect: Dialect,
  { extras }: { readonly extras?: PartExtras },
  drops: Drops,
): JsonObject {
  if (extras === undefined) return {};
  if (extras.origin === dialect) return extras.members;
  for (const name of Object.keys(extras.members)) drops.add(name);
  return {};
}
