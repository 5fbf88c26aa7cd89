import type { JsonObject, JsonValue } from '../json/value.ts';

/**
 * An object with its members' names in camelCase: Google reads `system_instruction` and `systemInstruction` alike (proto3 JSON mapping,
 * https://protobuf.dev/programming-guides/json/). Only this level: what is a caller's own (arguments, schemas, labels) keeps its names.
 */
export function camelMembers(object: JsonObject): JsonObject {
  if (!hasSnake(object)) return object;
  const camel: Record<string, JsonValue | undefined> = {};
  for (const name of Object.keys(object)) {
    if (name !== '__proto__') camel[camelCase(name)] = object[name];
  }
  return camel;
}

function hasSnake(object: JsonObject): boolean {
  for (const name in object) if (name.includes('_')) return true;
  return false;
}

/** A leading `_` stays: `_responseJsonSchema` is a name of Google's. */
function camelCase(name: string): string {
  return name.replace(/(?<=[A-Za-z0-9])_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** Nothing in place of an object without members. */
export function unlessEmpty(members: JsonObject): JsonObject | undefined {
  return Object.keys(members).length === 0 ? undefined : members;
}
