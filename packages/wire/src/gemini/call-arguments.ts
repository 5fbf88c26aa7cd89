import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../json/value.ts';

/** As deep as the gateway reads: deeper text stays text, so that writing it again cannot overflow. */
const MAX_DEPTH = 64;

/**
 * A call's arguments as the object that Gemini wants. Text that is no JSON object (free text for a custom tool, or a model's slip) stands
 * in it as `input`.
 */
export function argumentsOf(text: string, custom: boolean): JsonObject {
  if (custom) return { input: text };
  if (text === '') return {};
  const value = structureIn(text);
  return isJsonObject(value) ? value : { input: text };
}

/** The object, array, number or truth value that a text stands for in JSON; null where it is anything else. */
export function structureIn(text: string): JsonValue {
  try {
    const value: JsonValue = JSON.parse(text);
    return typeof value === 'string' || isDeeper(value, MAX_DEPTH) ? null : value;
  } catch {
    return null;
  }
}

function isDeeper(value: JsonValue, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  const members = isJsonArray(value) ? value : Object.values(value);
  return members.some((member) => member !== undefined && isDeeper(member, levels - 1));
}
