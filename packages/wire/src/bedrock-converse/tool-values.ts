/**
 * A tool call's arguments are text in canonical form and a value here. What is no JSON object rides as `{"_raw": text}`, and a custom
 * tool's free text as `{"input": text}`, which is what its stand-in schema asks for. Ids and names have letters of their own.
 */
import { crc32 } from '@keywell/core/access/crc32';
import type { ToolCallPart } from '../canonical/content.ts';
import { isShallow } from '../json/shallow-json.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../json/value.ts';

const RAW = '_raw';

/** What a custom tool takes, said as a schema. */
export const FREE_TEXT_SCHEMA: JsonObject = Object.freeze({
  type: 'object',
  properties: { input: { type: 'string' } },
  required: ['input'],
});

/** `input` for a call's arguments. */
export function inputOf({ arguments: text, custom }: ToolCallPart): JsonObject {
  if (custom) return { input: text };
  if (text.trim() === '') return {};
  return objectIn(text) ?? { [RAW]: text };
}

/** The arguments for what stands in `input`; text that rode as `_raw` is itself again. */
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

/** Null for what nests deeper than can be written again, too: it stays text. */
function objectIn(text: string): JsonObject | null {
  if (!isShallow(text)) return null;
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : null;
  } catch {
    return null;
  }
}

/** `toolUseId` and names of tools: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolUseBlock.html */
const TAKEN = /^[a-zA-Z0-9_-]{1,64}$/;
const KEPT = 55;

/** An id in the letters that are taken, the same for the same id, in a call and in its result; different ones stay different. */
export function toolUseId(id: string): string {
  if (TAKEN.test(id)) return id;
  const mark = crc32(encodeURIComponent(id.toWellFormed())).toString(16).padStart(8, '0');
  return `${id.slice(0, KEPT).replace(/[^a-zA-Z0-9_-]/g, '_')}-${mark}`;
}
