import type { JsonObject, JsonValue } from '../json/value.ts';

/** An object without the members that are undefined or null, to be written as JSON; the same where there are none. */
export function said(members: JsonObject): JsonObject {
  for (const name in members) {
    if ((members[name] ?? null) === null || name === '__proto__') return saidOf(members);
  }
  return members;
}

function saidOf(members: JsonObject): JsonObject {
  const kept: Record<string, JsonValue> = {};
  for (const name in members) {
    const value = members[name];
    if (value !== undefined && value !== null && name !== '__proto__') kept[name] = value;
  }
  return kept;
}

/** What is not said stands as undefined in a body, which is not written. */
export const ifSaid = <T>(value: T | null): T | undefined => value ?? undefined;
