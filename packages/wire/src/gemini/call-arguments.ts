import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../json/value.ts';

const MAX_DEPTH = 64;

/**
 * A call's arguments as the object that Gemini wants. Text that is no JSON object (free text for a custom tool, or a model's slip), or
 * one deeper than anything the gateway reads, stands in it as `input`.
 */
export function argumentsOf(text: string, custom: boolean): JsonObject {
  if (custom) return { input: text };
  if (text === '') return {};
  try {
    const value: JsonValue = JSON.parse(text);
    if (isJsonObject(value) && !isDeeper(value, MAX_DEPTH)) return value;
  } catch {
    // No JSON: see above.
  }
  return { input: text };
}

function isDeeper(value: JsonValue, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  const members = isJsonArray(value) ? value : Object.values(value);
  return members.some((member) => member !== undefined && isDeeper(member, levels - 1));
}
