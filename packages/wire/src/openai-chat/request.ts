/**
 * The few facts of an OpenAI request that the gateway needs, and the two edits it makes. Everything else in the body is the
 * provider's to judge and goes through unread, byte for byte.
 * Source: openai/resources/chat/completions, completions and embeddings of the official SDK.
 */
import type { ErrorCode } from '@keywell/core/errors/catalogue';
import { splice, type Allocate, type Edit } from '../edit/splice.ts';
import { CLOSE_BRACE, NINE, ZERO } from '../json/bytes.ts';
import { compileFields } from '../json/field-set.ts';
import { ABSENT, ARRAY, FALSE, NULL, NUMBER, OBJECT, STRING, TRUE } from '../json/kind.ts';
import { kindName, readString } from '../json/read-value.ts';
import { scanObject, type Found } from '../json/scan.ts';
import { createSpans } from '../json/spans.ts';
import { RecentNames } from './recent-names.ts';

export type Operation = 'chat.completions' | 'completions' | 'embeddings';

export interface RequestFacts {
  readonly model: string;
  readonly stream: boolean;
  /** Whether the caller itself asked for the usage of a stream. */
  readonly includeUsage: boolean;
  /** What the caller allows for one choice, in tokens. */
  readonly maxOutputTokens: number | null;
  /** How many choices are asked for. */
  readonly n: number;
  /** Whether the provider is to keep the answer (`store` or `background`), so that sending it twice is never harmless. */
  readonly stored: boolean;
  readonly places: RequestPlaces;
}

/** Where an edit reaches: offsets in the body. */
export interface RequestPlaces {
  /** Behind the opening brace. */
  readonly first: number;
  readonly modelStart: number;
  readonly modelEnd: number;
  /** Of `stream_options`; -1 where it is absent. */
  readonly optionsStart: number;
  readonly optionsEnd: number;
  readonly optionsKind: number;
}

export interface RequestRefusal {
  readonly ok: false;
  readonly code: ErrorCode;
  /** A sentence for the caller; holds nothing of the body. */
  readonly message: string;
  readonly param: string | null;
}

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
const REQUIRED: Readonly<Record<Operation, Name>> = {
  'chat.completions': 'messages',
  completions: 'prompt',
  embeddings: 'input',
};

const MAX_MODEL_LENGTH = 256;
const MAX_CHOICES = 128;
/** Characters that have no business in a model's name: they would end up in logs and headers. */
const CONTROL = /[\p{Cc}\u2028\u2029]/u;

/** Scans a body and reads the facts; the body must be UTF-8, which is checked before. Never throws. */
export function readRequest(
  body: Uint8Array,
  operation: Operation,
): { readonly ok: true; readonly facts: RequestFacts } | RequestRefusal {
  const scan = scanObject(body, FIELDS, SPANS);
  if (!scan.ok) return { ok: false, code: scan.code, message: scan.message, param: null };
  const model = modelOf(body, scan);
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
  const { places } = facts;
  const edits: Edit[] = [];
  if (to.model !== facts.model) {
    edits.push({
      start: places.modelStart,
      end: places.modelEnd,
      bytes: quoted(to.model),
    });
  }
  if (to.addStreamUsage && facts.stream && !facts.includeUsage) edits.push(usageEdit(body, places));
  return splice(body, edits, allocate);
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

const recentNames = new RecentNames();

function modelOf(body: Uint8Array, scan: Found): string | RequestRefusal {
  const kind = scan.kind[MODEL] ?? ABSENT;
  if (kind === ABSENT || kind === NULL) return missing('model');
  if (kind !== STRING) return wrong('model', `a string, not ${kindName(kind)}`);
  const { start, end } = spanOf(scan, MODEL);
  const known = recentNames.recall(body, start, end);
  if (known !== null) return known;
  // A character takes six bytes at most: as an escape.
  if (end - start - 2 > MAX_MODEL_LENGTH * 6) return wrong('model', MODEL_RULE);
  const model = readString(body, start, end);
  const fine =
    model.length > 0 &&
    model.length <= MAX_MODEL_LENGTH &&
    !CONTROL.test(model) &&
    model.isWellFormed();
  if (!fine) return wrong('model', MODEL_RULE);
  recentNames.remember(model, body, start, end);
  return model;
}

const MODEL_RULE = `a name of 1 to ${MAX_MODEL_LENGTH} characters without control characters`;

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
    checkInteger(body, scan, N, MAX_CHOICES) ??
    checkInteger(body, scan, MAX_TOKENS, Number.MAX_SAFE_INTEGER) ??
    checkInteger(body, scan, MAX_COMPLETION_TOKENS, Number.MAX_SAFE_INTEGER) ??
    checkBoolean(scan, STORE, 'store') ??
    checkBoolean(scan, BACKGROUND, 'background')
  );
}

function checkBoolean(scan: Found, field: number, name: string): RequestRefusal | null {
  const kind = scan.kind[field] ?? ABSENT;
  if (kind === ABSENT || kind === TRUE || kind === FALSE || kind === NULL) return null;
  return wrong(name, `true, false or null, not ${kindName(kind)}`);
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

function checkInteger(
  body: Uint8Array,
  scan: Found,
  field: number,
  most: number,
): RequestRefusal | null {
  const kind = scan.kind[field] ?? ABSENT;
  if (kind === ABSENT || kind === NULL) return null;
  const name = NAMES[field] ?? '';
  const rule = most === MAX_CHOICES ? `an integer from 1 to ${most}` : 'a positive integer';
  if (kind !== NUMBER) return wrong(name, `${rule}, not ${kindName(kind)}`);
  const value = integerAt(body, scan, field);
  return value !== null && value >= 1 && value <= most ? null : wrong(name, rule);
}

/** A number written as digits alone, null where there is none: 16 digits are read, which is past every safe integer. */
function integerAt(body: Uint8Array, scan: Found, field: number): number | null {
  if (scan.kind[field] !== NUMBER) return null;
  const { start, end } = spanOf(scan, field);
  if (end - start > 16) return null;
  let value = 0;
  for (let position = start; position < end; position++) {
    const byte = body[position] ?? 0;
    if (byte < ZERO || byte > NINE) return null;
    value = value * 10 + (byte - ZERO);
  }
  return value;
}

function spanOf(scan: Found, field: number): { readonly start: number; readonly end: number } {
  return { start: scan.start[field] ?? 0, end: scan.end[field] ?? 0 };
}

function missing(param: string): RequestRefusal {
  return {
    ok: false,
    code: 'missing_parameter',
    message: `The parameter "${param}" is missing.`,
    param,
  };
}

function wrong(param: string, expected: string): RequestRefusal {
  return {
    ok: false,
    code: 'invalid_parameter',
    message: `The parameter "${param}" must be ${expected}.`,
    param,
  };
}
