/**
 * Which of the things that a provider keeps a request refers to: files by `file_id` and `file_ids`, an earlier response or items of one, a
 * conversation, and what is made elsewhere than here: vector stores, containers, stored prompts, files and caches of Gemini's.
 * Sources: `ResponseCreateParams`, `ResponseInputItem.ItemReference`, `FileSearchTool`, `ChatCompletionContentPart.File` of the OpenAI
 * SDK; `BetaFileDocumentSource`, `BetaContainerParams` of the Anthropic SDK; `FileData`, `cachedContent` of @google/genai.
 */
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../json/value.ts';
import type { CallerDialect } from './conversation.ts';

export interface References {
  /** Each once, in no particular order. */
  readonly files: readonly string[];
  readonly previousResponse: string | null;
  readonly conversation: string | null;
  /** Items of earlier responses that are named in place of the items, each once. */
  readonly items: readonly string[];
  /** The member that names something made at no path of this gateway, which therefore belongs to nobody here; null where none does. */
  readonly unowned: string | null;
}

/** Members whose content is the caller's own, whatever its names look like: schemas, what tools are called with, labels. */
const OWN: Readonly<Record<CallerDialect, ReadonlySet<string>>> = {
  'openai-chat': new Set(['metadata', 'parameters', 'schema', 'arguments']),
  'openai-responses': new Set(['metadata', 'parameters', 'schema', 'arguments']),
  'anthropic-messages': new Set(['metadata', 'input', 'input_schema', 'schema']),
  gemini: new Set([
    'args',
    'parameters',
    'parametersJsonSchema',
    'parameters_json_schema',
    'responseSchema',
    'response_schema',
    'responseJsonSchema',
    'response_json_schema',
    'response',
  ]),
};

/** A file of the Files API, by its name or its address: https://ai.google.dev/api/files. Links to other hosts and buckets are none. */
const GEMINI_FILE =
  /^(?:https:\/\/generativelanguage\.googleapis\.com\/[^/?#]+\/)?files\/[^/?#]+(?:[?#].*)?$/i;

/** Looks through a whole request that was parsed. Linear; never throws. */
export function referencesOf(request: JsonObject, dialect: CallerDialect): References {
  const files = new Set<string>();
  const open: (JsonValue | undefined)[] = [request];
  const own = OWN[dialect];
  let unowned = unownedAtTop(request, dialect);
  while (open.length > 0) {
    const value = open.pop();
    if (isJsonArray(value)) for (const each of value) open.push(each);
    if (!isJsonObject(value)) continue;
    noteFiles(files, value);
    unowned ??= unownedIn(value, dialect);
    for (const [name, member] of Object.entries(value)) if (!own.has(name)) open.push(member);
  }
  const keeps = dialect === 'openai-responses';
  return {
    files: [...files],
    previousResponse: keeps ? textOf(request['previous_response_id']) : null,
    conversation: keeps ? idOf(request['conversation']) : null,
    items: keeps ? itemsIn(request['input']) : [],
    unowned,
  };
}

function noteFiles(files: Set<string>, { file_id: one, file_ids: some }: JsonObject): void {
  if (typeof one === 'string') files.add(one);
  if (!isJsonArray(some)) return;
  for (const id of some) if (typeof id === 'string') files.add(id);
}

function unownedAtTop(request: JsonObject, dialect: CallerDialect): string | null {
  switch (dialect) {
    case 'openai-responses':
      return idOf(request['prompt']) === null ? null : 'prompt';
    case 'anthropic-messages':
      return idOf(request['container']) === null ? null : 'container';
    case 'gemini': {
      const cached = request['cachedContent'] ?? request['cached_content'];
      return textOf(cached) === null ? null : 'cachedContent';
    }
    default:
      return null;
  }
}

function unownedIn(value: JsonObject, dialect: CallerDialect): string | null {
  if (dialect === 'gemini') {
    const uri = value['fileUri'] ?? value['file_uri'];
    return typeof uri === 'string' && GEMINI_FILE.test(uri) ? 'fileUri' : null;
  }
  if (dialect !== 'openai-responses') return null;
  const { vector_store_ids: stores, type, container } = value;
  if (isJsonArray(stores) && stores.length > 0) return 'vector_store_ids';
  return type === 'code_interpreter' && typeof container === 'string' ? 'container' : null;
}

function itemsIn(input: JsonValue | undefined): readonly string[] {
  const ids = new Set<string>();
  for (const item of isJsonArray(input) ? input : []) {
    const id = isJsonObject(item) && isReference(item) ? item['id'] : null;
    if (typeof id === 'string') ids.add(id);
  }
  return [...ids];
}

/** Its type may be left out: what has neither that nor a role is a reference. */
function isReference(item: JsonObject): boolean {
  const type = item['type'] ?? null;
  return type === 'item_reference' || (type === null && !('role' in item));
}

const textOf = (value: JsonValue | undefined): string | null =>
  typeof value === 'string' ? value : null;

const idOf = (value: JsonValue | undefined): string | null =>
  isJsonObject(value) ? textOf(value['id']) : textOf(value);
