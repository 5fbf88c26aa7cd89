/**
 * The few facts of an OpenAI request that the gateway needs, and the two edits it makes. Everything else in the body is the
 * provider's to judge and goes through unread, byte for byte.
 * Source: openai/resources/chat/completions, completions and embeddings of the official SDK.
 */
import {
  checkBoolean,
  checkInteger,
  integerAt,
  MAX_CHOICES,
  missing,
  modelAt,
  spanOf,
  wrong,
  type RequestFacts,
  type RequestPlaces,
  type RequestRefusal,
} from '../edit/request-members.ts';
import { splice, spliceApart, type Allocate, type Edit } from '../edit/splice.ts';
import { CLOSE_BRACE } from '../json/bytes.ts';
import { compileFields } from '../json/field-set.ts';
import { ABSENT, ARRAY, FALSE, NULL, OBJECT, TRUE } from '../json/kind.ts';
import { kindName } from '../json/read-value.ts';
import { scanObject, type Found } from '../json/scan.ts';
import { createSpans } from '../json/spans.ts';

export type Operation = 'chat.completions' | 'completions' | 'embeddings';

const NAMES = [
  'model',
  'stream',
  'stream_options',
  'n',
  'max_tokens',
  'max_completion_tokens',
  'store',
  'background',
  'messages',
  'prompt',
  'input',
] as const;
type Name = (typeof NAMES)[number];

const FIELDS = compileFields(NAMES);
const SPANS = createSpans(NAMES.length);
const OPTION_FIELDS = compileFields(['include_usage']);
const OPTION_SPANS = createSpans(1);
const MODEL = NAMES.indexOf('model');
const STREAM = NAMES.indexOf('stream');
const STREAM_OPTIONS = NAMES.indexOf('stream_options');
const N = NAMES.indexOf('n');
const MAX_TOKENS = NAMES.indexOf('max_tokens');
const MAX_COMPLETION_TOKENS = NAMES.indexOf('max_completion_tokens');
const STORE = NAMES.indexOf('store');
const BACKGROUND = NAMES.indexOf('background');
const ANY = Number.MAX_SAFE_INTEGER;
const REQUIRED: Readonly<Record<Operation, Name>> = {
  'chat.completions': 'messages',
  completions: 'prompt',
  embeddings: 'input',
};

/** Scans a body and reads the facts; the body must be UTF-8, which is checked before. Never throws. */
export function readRequest(
  body: Uint8Array,
  operation: Operation,
): { readonly ok: true; readonly facts: RequestFacts } | RequestRefusal {
  const scan = scanObject(body, FIELDS, SPANS);
  if (!scan.ok) return { ok: false, code: scan.code, message: scan.message, param: null };
  const model = modelAt(body, scan, MODEL);
  if (typeof model !== 'string') return model;
  const hasOptions = operation !== 'embeddings';
  const refusal =
    checkRequired(scan, REQUIRED[operation]) ?? (hasOptions ? checkOptions(body, scan) : null);
  if (refusal !== null) return refusal;
  const { kind } = scan;
  const stream = hasOptions && kind[STREAM] === TRUE;
  return {
    ok: true,
    facts: {
      model,
      stream,
      includeUsage: stream && usageOption(body, scan) === TRUE,
      maxOutputTokens: hasOptions ? outputLimit(body, scan) : null,
      n: hasOptions ? (integerAt(body, scan, N) ?? 1) : 1,
      stored: hasOptions && (kind[STORE] === TRUE || kind[BACKGROUND] === TRUE),
      places: placesOf(scan),
    },
  };
}

function outputLimit(body: Uint8Array, scan: Found): number | null {
  return integerAt(body, scan, MAX_COMPLETION_TOKENS) ?? integerAt(body, scan, MAX_TOKENS);
}

function placesOf({ start, end, kind, bodyStart }: Found): RequestPlaces {
  return {
    first: bodyStart + 1,
    modelStart: start[MODEL] ?? 0,
    modelEnd: end[MODEL] ?? 0,
    optionsStart: start[STREAM_OPTIONS] ?? -1,
    optionsEnd: end[STREAM_OPTIONS] ?? -1,
    optionsKind: kind[STREAM_OPTIONS] ?? ABSENT,
  };
}

/**
 * The body with the model's name replaced and, for a stream, `stream_options.include_usage` made true; every other byte, and every
 * other member of `stream_options`, stays. The same bytes object when nothing changes; otherwise bytes from `allocate`.
 */
export function editRequest(
  body: Uint8Array,
  facts: RequestFacts,
  to: { readonly model: string; readonly addStreamUsage: boolean },
  allocate?: Allocate,
): Uint8Array {
  return splice(body, editsFor(body, facts, to), allocate);
}

/** The same in pieces that follow each other, none of which is copied: for large bodies. */
export function editRequestApart(
  body: Uint8Array,
  facts: RequestFacts,
  to: { readonly model: string; readonly addStreamUsage: boolean },
): readonly Uint8Array[] {
  return spliceApart(body, editsFor(body, facts, to));
}

function editsFor(
  body: Uint8Array,
  facts: RequestFacts,
  to: { readonly model: string; readonly addStreamUsage: boolean },
): readonly Edit[] {
  const { places } = facts;
  const edits: Edit[] = [];
  if (places.modelStart < 0) edits.push(...modelPutIn(places, to.model));
  else if (to.model !== facts.model) {
    edits.push({
      start: places.modelStart,
      end: places.modelEnd,
      bytes: places.raw === true ? encode(to.model) : quoted(to.model),
    });
  }
  if (to.addStreamUsage && facts.stream && !facts.includeUsage) edits.push(usageEdit(body, places));
  return edits;
}

/** Where the caller left the model to a default it is named; where it stands in the path there is nothing to do. */
function modelPutIn({ first }: RequestPlaces, model: string): readonly Edit[] {
  return first < 0 ? [] : [insertion(first, encode(`"model":${JSON.stringify(model)},`))];
}

const encoder = new TextEncoder();
/** Names of models as JSON. They come from the configuration: few; how many at most is for one that changes for ever. */
const quotedNames = new Map<string, Uint8Array>();
const MAX_QUOTED = 1024;

function quoted(model: string): Uint8Array {
  const known = quotedNames.get(model);
  if (known !== undefined) return known;
  if (quotedNames.size >= MAX_QUOTED) quotedNames.clear();
  const bytes = encode(JSON.stringify(model));
  quotedNames.set(model, bytes);
  return bytes;
}

const encode = (text: string): Uint8Array => encoder.encode(text);
const OPTIONS_MEMBER = encode('"stream_options":{"include_usage":true},');
const OPTIONS = encode('{"include_usage":true}');
const USAGE_MEMBER = encode('"include_usage":true');
const USAGE_MEMBER_AND_MORE = encode('"include_usage":true,');
const YES = encode('true');

function usageEdit(body: Uint8Array, places: RequestPlaces): Edit {
  const { optionsStart: start, optionsEnd: end, optionsKind: kind } = places;
  // A request has a model at least, so that a comma may follow.
  if (kind === ABSENT) return insertion(places.first, OPTIONS_MEMBER);
  if (kind !== OBJECT) return { start, end, bytes: OPTIONS };
  const inner = scanObject(body.subarray(start, end), OPTION_FIELDS, OPTION_SPANS);
  if (inner.ok && inner.kind[0] !== ABSENT) {
    const value = spanOf(inner, 0);
    return { start: start + value.start, end: start + value.end, bytes: YES };
  }
  return insertion(start + 1, isEmptyObject(body, start) ? USAGE_MEMBER : USAGE_MEMBER_AND_MORE);
}

function insertion(at: number, bytes: Uint8Array): Edit {
  return { start: at, end: at, bytes };
}

function isEmptyObject(body: Uint8Array, start: number): boolean {
  let position = start + 1;
  while ((body[position] ?? 0) <= 0x20) position++;
  return body[position] === CLOSE_BRACE;
}

function checkRequired(scan: Found, name: Name): RequestRefusal | null {
  const kind = scan.kind[NAMES.indexOf(name)] ?? ABSENT;
  if (name === 'messages') {
    if (kind === ABSENT || kind === NULL) return missing(name);
    return kind === ARRAY ? null : wrong(name, `an array, not ${kindName(kind)}`);
  }
  return kind === ABSENT ? missing(name) : null;
}

function checkOptions(body: Uint8Array, scan: Found): RequestRefusal | null {
  return (
    checkBoolean(scan, STREAM, 'stream') ??
    checkStreamOptions(body, scan) ??
    checkInteger(body, scan, { field: N, name: 'n', most: MAX_CHOICES }) ??
    checkInteger(body, scan, { field: MAX_TOKENS, name: 'max_tokens', most: ANY }) ??
    checkInteger(body, scan, {
      field: MAX_COMPLETION_TOKENS,
      name: 'max_completion_tokens',
      most: ANY,
    }) ??
    checkBoolean(scan, STORE, 'store') ??
    checkBoolean(scan, BACKGROUND, 'background')
  );
}

function checkStreamOptions(body: Uint8Array, scan: Found): RequestRefusal | null {
  const kind = scan.kind[STREAM_OPTIONS] ?? ABSENT;
  if (kind === ABSENT || kind === NULL) return null;
  if (kind !== OBJECT) {
    return wrong('stream_options', `an object or null, not ${kindName(kind)}`);
  }
  const usage = usageOption(body, scan);
  if (usage === ABSENT || usage === TRUE || usage === FALSE || usage === NULL) return null;
  return wrong('stream_options.include_usage', `true, false or null, not ${kindName(usage)}`);
}

/** The kind of `stream_options.include_usage`. */
function usageOption(body: Uint8Array, scan: Found): number {
  if (scan.kind[STREAM_OPTIONS] !== OBJECT) return ABSENT;
  const { start, end } = spanOf(scan, STREAM_OPTIONS);
  const inner = scanObject(body.subarray(start, end), OPTION_FIELDS, OPTION_SPANS);
  return inner.ok ? (inner.kind[0] ?? ABSENT) : ABSENT;
}
