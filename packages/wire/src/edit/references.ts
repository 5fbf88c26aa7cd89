/**
 * Which of the things that a provider keeps a request refers to: files by `file_id` and `file_ids`, an earlier response, a conversation.
 * Sources: `ResponseCreateParams`, `ChatCompletionContentPart.File` of the OpenAI SDK; `BetaFileDocumentSource` of the Anthropic SDK.
 */
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../json/value.ts';
import type { CallerDialect } from './conversation.ts';

export interface References {
  /** Each once, in no particular order. */
  readonly files: readonly string[];
  readonly previousResponse: string | null;
  readonly conversation: string | null;
}

/** Members whose content is the caller's own, whatever its names look like: schemas, what tools are called with, labels. */
const OWN: Readonly<Record<CallerDialect, ReadonlySet<string>>> = {
  'openai-chat': new Set(['metadata', 'parameters', 'schema', 'arguments']),
  'openai-responses': new Set(['metadata', 'parameters', 'schema', 'arguments']),
  'anthropic-messages': new Set(['metadata', 'input', 'input_schema', 'schema']),
  gemini: new Set(['args', 'parameters', 'parametersJsonSchema', 'responseSchema', 'response']),
};

/** Looks through a whole request that was parsed. Linear; never throws. */
export function referencesOf(request: JsonObject, dialect: CallerDialect): References {
  const files = new Set<string>();
  const open: (JsonValue | undefined)[] = [request];
  const own = OWN[dialect];
  while (open.length > 0) {
    const value = open.pop();
    if (isJsonArray(value)) for (const each of value) open.push(each);
    if (!isJsonObject(value)) continue;
    noteFiles(files, value);
    for (const [name, member] of Object.entries(value)) if (!own.has(name)) open.push(member);
  }
  const keeps = dialect === 'openai-responses';
  return {
    files: [...files],
    previousResponse: keeps ? textOf(request['previous_response_id']) : null,
    conversation: keeps ? idOf(request['conversation']) : null,
  };
}

function noteFiles(files: Set<string>, { file_id: one, file_ids: some }: JsonObject): void {
  if (typeof one === 'string') files.add(one);
  if (!isJsonArray(some)) return;
  for (const id of some) if (typeof id === 'string') files.add(id);
}

const textOf = (value: JsonValue | undefined): string | null =>
  typeof value === 'string' ? value : null;

const idOf = (value: JsonValue | undefined): string | null =>
  isJsonObject(value) ? textOf(value['id']) : textOf(value);
