/**
 * The few facts of a conversation in a dialect that is not OpenAI's chat, for when it goes to a provider of the same dialect and nobody
 * has to understand the rest. Sources: `MessageCreateParams` of the Anthropic SDK, `ResponseCreateParams` of the OpenAI SDK,
 * https://ai.google.dev/api/generate-content.
 */
import type { Dialect } from '../canonical/dialect.ts';
import type { RequestPlace } from '../canonical/codec.ts';
import { compileFields } from '../json/field-set.ts';
import { ABSENT, ARRAY, NULL, OBJECT, TRUE } from '../json/kind.ts';
import { kindName } from '../json/read-value.ts';
import { scanObject, type Found } from '../json/scan.ts';
import { createSpans } from '../json/spans.ts';
import { readRequest } from '../openai-chat/request.ts';
import {
  checkBoolean,
  checkInteger,
  integerAt,
  isModelName,
  missing,
  modelAt,
  spanOf,
  wrong,
  type RequestFacts,
  type RequestRefusal,
} from './request-members.ts';

/** The dialects a caller may speak. */
export type CallerDialect = Exclude<Dialect, 'bedrock-converse'>;

export type ConversationRead = { readonly ok: true; readonly facts: RequestFacts } | RequestRefusal;

/** Scans a body and reads the facts; the body must be UTF-8, which is checked before. Never throws. */
export function readConversation(
  body: Uint8Array,
  dialect: CallerDialect,
  place: RequestPlace,
): ConversationRead {
  if (dialect === 'openai-chat') return readRequest(body, 'chat.completions');
  return dialect === 'gemini' ? readContents(body, place) : readNamed(body, TABLES[dialect]);
}

/** Where a dialect whose body names its model keeps what is looked for. */
interface Table {
  readonly limit: 'max_tokens' | 'max_output_tokens';
  /** What must be there, and whether it must be an array. */
  readonly required: readonly { readonly name: Name; readonly array: boolean }[];
}

const NAMES = [
  'model',
  'stream',
  'max_tokens',
  'max_output_tokens',
  'store',
  'background',
  'messages',
  'input',
] as const;
type Name = (typeof NAMES)[number];
const FIELDS = compileFields(NAMES);
const SPANS = createSpans(NAMES.length);
const at = (name: Name): number => NAMES.indexOf(name);

const TABLES: Readonly<Record<'anthropic-messages' | 'openai-responses', Table>> = {
  'anthropic-messages': { limit: 'max_tokens', required: [{ name: 'messages', array: true }] },
  // A stored prompt may stand in for the input.
  'openai-responses': { limit: 'max_output_tokens', required: [] },
};

function readNamed(body: Uint8Array, table: Table): ConversationRead {
  const scan = scanObject(body, FIELDS, SPANS);
  if (!scan.ok) return { ok: false, code: scan.code, message: scan.message, param: null };
  const model = modelAt(body, scan, at('model'));
  if (typeof model !== 'string') return model;
  const limit = { field: at(table.limit), name: table.limit, most: Number.MAX_SAFE_INTEGER };
  const refusal =
    checkRequired(scan, table) ??
    checkBoolean(scan, at('stream'), 'stream') ??
    checkBoolean(scan, at('store'), 'store') ??
    checkBoolean(scan, at('background'), 'background') ??
    checkInteger(body, scan, limit);
  if (refusal !== null) return refusal;
  const { kind } = scan;
  const { start, end } = spanOf(scan, at('model'));
  return {
    ok: true,
    facts: {
      model,
      stream: kind[at('stream')] === TRUE,
      includeUsage: true,
      maxOutputTokens: integerAt(body, scan, limit.field),
      n: 1,
      stored: kind[at('store')] === TRUE || kind[at('background')] === TRUE,
      places: {
        first: scan.bodyStart + 1,
        modelStart: start,
        modelEnd: end,
        optionsStart: -1,
        optionsEnd: -1,
        optionsKind: ABSENT,
      },
    },
  };
}

function checkRequired(scan: Found, { required }: Table): RequestRefusal | null {
  for (const { name, array } of required) {
    const kind = scan.kind[at(name)] ?? ABSENT;
    if (kind === ABSENT || kind === NULL) return missing(name);
    if (array && kind !== ARRAY) return wrong(name, `an array, not ${kindName(kind)}`);
  }
  return null;
}

const CONTENTS = compileFields([
  'contents',
  'generationConfig',
  'generation_config',
  'generateContentRequest',
  'generate_content_request',
]);
const CONTENT_SPANS = createSpans(5);
const CONFIG = compileFields([
  'maxOutputTokens',
  'max_output_tokens',
  'candidateCount',
  'candidate_count',
]);
const CONFIG_SPANS = createSpans(4);

function readContents(body: Uint8Array, place: RequestPlace): ConversationRead {
  const scan = scanObject(body, CONTENTS, CONTENT_SPANS);
  if (!scan.ok) return { ok: false, code: scan.code, message: scan.message, param: null };
  const model = place.model ?? '';
  if (!isModelName(model)) return missing('model');
  const kind = scan.kind[0] ?? ABSENT;
  // What is only to be counted may stand whole in a member of its own.
  const inside = place.stream === null && (scan.kind[3] === OBJECT || scan.kind[4] === OBJECT);
  if ((kind === ABSENT || kind === NULL) && !inside) return missing('contents');
  if (kind !== ARRAY && kind !== OBJECT && !inside) {
    return wrong('contents', `an array, not ${kindName(kind)}`);
  }
  return {
    ok: true,
    facts: {
      model,
      stream: place.stream === true,
      includeUsage: true,
      ...configOf(body, scan),
      stored: false,
      // The model stands in the path: nothing in the body is ever edited.
      places: {
        first: -1,
        modelStart: -1,
        modelEnd: -1,
        optionsStart: -1,
        optionsEnd: -1,
        optionsKind: ABSENT,
      },
    },
  };
}

function configOf(body: Uint8Array, scan: Found): Pick<RequestFacts, 'maxOutputTokens' | 'n'> {
  const field = scan.kind[1] === OBJECT ? 1 : 2;
  if (scan.kind[field] !== OBJECT) return { maxOutputTokens: null, n: 1 };
  const { start, end } = spanOf(scan, field);
  const config = body.subarray(start, end);
  const inner = scanObject(config, CONFIG, CONFIG_SPANS);
  if (!inner.ok) return { maxOutputTokens: null, n: 1 };
  return {
    maxOutputTokens: integerAt(config, inner, 0) ?? integerAt(config, inner, 1),
    n: integerAt(config, inner, 2) ?? integerAt(config, inner, 3) ?? 1,
  };
}
