/**
 * For dialects in which a tool takes an object: arguments are text in canonical form. What is no JSON object, or nests deeper than can be
 * written again, rides as `{"_raw": text}`, and a custom tool's free text as `{"input": text}`, which is what its stand-in schema asks for.
 */
import type { ToolCallPart } from './content.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../json/value.ts';
import { isShallow } from '../json/shallow-json.ts';

const RAW = '_raw';
export const FREE_TEXT = 'input';

/** What a custom tool takes, said as a schema. */
export const FREE_TEXT_SCHEMA: JsonObject = {
  type: 'object',
  properties: { [FREE_TEXT]: { type: 'string' } },
  required: [FREE_TEXT],
};

/** The object for a call's arguments. */
export function inputOf({ arguments: text, custom }: ToolCallPart): JsonObject {
  if (custom) return { [FREE_TEXT]: text };
  if (text.trim() === '') return {};
  return objectIn(text) ?? { [RAW]: text };
}

/** The free text in the arguments of a custom tool's stand-in; as they are where a model wrote something else. */
export function freeTextIn(text: string): string {
  const object = objectIn(text);
  const said = object?.[FREE_TEXT];
  return object !== null && typeof said === 'string' && Object.keys(object).length === 1
    ? said
    : text;
}

/** The arguments for such an object; text that rode as `_raw` is itself again. */
export function argumentsOf(input: JsonValue | undefined): string {
  if (input === undefined || input === null) return '{}';
  if (isJsonObject(input)) {
    const raw = input[RAW];
    if (typeof raw === 'string' && Object.keys(input).length === 1 && objectIn(raw) === null) {
      return raw;
    }
  }
  return JSON.stringify(input);
}

function objectIn(text: string): JsonObject | null {
  if (!isShallow(text)) return null;
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : null;
  } catch {
    return null;
  }
}
