import { objectsIn, pathOf } from '../canonical/read-member.ts';
import { isJsonObject, type JsonObject } from '../json/value.ts';

/**
 * Elements of a list of objects. Google takes one object for a list of one, and its own first examples of `system_instruction` and
 * `contents` wrote `{"parts": {"text": "…"}}`.
 */
export function elementsIn(
  object: JsonObject,
  name: string,
  at: string,
): ReturnType<typeof objectsIn> {
  const value = object[name];
  return isJsonObject(value) ? [{ value, at: pathOf(at, name) }] : objectsIn(object, name, at);
}
