import type { JsonObject, JsonValue } from '../json/value.ts';

/** This folder's dialect: OpenAI's Responses API. Shapes: `resources/responses/responses.d.ts` of the official `openai` package. */
export const RESPONSES = 'openai-responses';

/** An object without the members that say nothing: null and nothing are alike in requests. */
export function saying(members: Readonly<Record<string, JsonValue | undefined>>): JsonObject {
  const said: Record<string, JsonValue> = {};
  for (const [name, value] of Object.entries(members)) {
    if (value !== null && value !== undefined) said[name] = value;
  }
  return said;
}
