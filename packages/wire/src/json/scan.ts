/**
 * A strict JSON scanner (RFC 8259) over bytes: one pass, nothing is built. It finds the spans of a few top-level members and refuses
 * what a parser behind it could read differently or choke on. Whether the bytes are UTF-8 is the caller's question.
 */
import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  DOT,
  LOWER_E,
  LOWER_U,
  MINUS,
  NINE,
  OPEN_BRACE,
  PLUS,
  QUOTE,
  SPACE,
  ZERO,
} from './bytes.ts';
import { MAX_DEPTH, MAX_KEYS, MAX_KEYS_IN_ALL, matchField, type FieldSet } from './field-set.ts';
import { ADDED, DUPLICATE, KeyLedger, TOO_MANY, TOO_MANY_IN_ALL } from './key-ledger.ts';
import { ABSENT, ARRAY, FALSE, KIND_OF, NULL, NUMBER, OBJECT, STRING, TRUE } from './kind.ts';
import { skipSpace } from './skip.ts';
import { clearSpans, createSpans, type Spans } from './spans.ts';
import { hexDigit, shortEscape, unescape } from './unescape.ts';

/** Where the asked-for members of a document lie. */
export interface Found {
  readonly ok: true;
  /** Offset of a field's value by its index in the field set, -1 where it is absent. */
  readonly start: readonly number[];
  /** Offset behind the value. */
  readonly end: readonly number[];
  /** One of json/kind. */
  readonly kind: readonly number[];
  /** Offset of the document's opening brace. */
  readonly bodyStart: number;
  /** Offset of its closing brace. */
  readonly bodyEnd: number;
}

/** Why a document is refused. */
export interface Refused {
  readonly ok: false;
  readonly code: 'malformed_json' | 'json_limits';
  /** A sentence for the caller; holds nothing of the document. */
  readonly message: string;
  readonly offset: number;
}

export type Scan = Found | Refused;

/** What the walk expects next. The two that expect a key come first. */
const FIRST_KEY = 0;
const KEY = 1;
const FIRST_ELEMENT = 2;
const VALUE = 3;
const AFTER = 4;
/** What is expected once a value of a kind has begun, or is over. */
const STATE_AFTER: Uint8Array = Uint8Array.of(
  AFTER,
  FIRST_KEY,
  FIRST_ELEMENT,
  AFTER,
  AFTER,
  AFTER,
  AFTER,
  AFTER,
);

const HASH_START = 0x811c9dc5 | 0;
const HASH_PRIME = 0x01000193;
const KEEP_KEY = 1 << 16;

// Scratch of the one scan that can run at a time on a thread.
const ledger = new KeyLedger(MAX_DEPTH, MAX_KEYS, MAX_KEYS_IN_ALL);
const objectAt = new Uint8Array(MAX_DEPTH + 1);
let refusal: Refused = refusedAt('malformed_json', 'The body is empty', 0);
let keyScratch = new Uint8Array(256);
let keySource: Uint8Array = keyScratch;
let keyStart = 0;
let keyEnd = 0;
/** The body four bytes at a time, from the aligned offset at or `lead` bytes before its start. */
const NO_WORDS = new Int32Array(0);
let words: Int32Array = NO_WORDS;
let lead = 0;

/**
 * Scans a body whose top level must be an object. Never throws; time is linear in the body's length. A caller that keeps nothing of
 * what is found may pass spans of its own, which the result then holds until they are used again.
 */
export function scanObject(
  body: Uint8Array,
  fields: FieldSet,
  spans: Spans = createSpans(fields.names.length),
): Scan {
  clearSpans(spans);
  const bodyStart = skipSpace(body, 0);
  if (body[bodyStart] !== OPEN_BRACE) return notAnObject(body, bodyStart);
  ledger.reset();
  lead = body.byteOffset & 3;
  words = new Int32Array(body.buffer, body.byteOffset - lead, (body.length + lead) >> 2);
  const bodyEnd = walk(body, bodyStart, fields, spans);
  if (keyScratch.length > KEEP_KEY) keyScratch = new Uint8Array(256);
  keySource = keyScratch;
  words = NO_WORDS;
  if (bodyEnd < 0) return refusal;
  const rest = skipSpace(body, bodyEnd + 1);
  if (rest < body.length) {
    fail('Something follows the JSON object', rest);
    return refusal;
  }
  const { start, end, kind } = spans;
  return { ok: true, start, end, kind, bodyStart, bodyEnd };
}

/** Walks from the opening brace to the closing one and returns its offset, or -1. */
function walk(body: Uint8Array, bodyStart: number, fields: FieldSet, spans: Spans): number {
  let depth = 0;
  let state = VALUE;
  /** The asked-for member whose value is being read, at the top level. */
  let field = -1;
  let position = bodyStart;
  while (position >= 0) {
    position = skipSpace(body, position);
    const byte = body[position] ?? 0;
    if (state <= KEY && byte === QUOTE) {
      position = readKey(body, position + 1);
      if (depth === 1) field = matchField(fields, keySource, keyStart, keyEnd);
      state = VALUE;
    } else if (state === AFTER && byte === COMMA) {
      position++;
      state = objectAt[depth] === 1 ? KEY : VALUE;
    } else if (state === VALUE || (state === FIRST_ELEMENT && byte !== CLOSE_BRACKET)) {
      const what = KIND_OF[byte] ?? ABSENT;
      const named = depth === 1 && field >= 0;
      if (named) begin(spans, field, what, position);
      const opens = what === OBJECT || what === ARRAY;
      if (opens) depth++;
      position = opens ? enter(what, depth, position) : skipScalar(body, position, what);
      if (named) spans.end[field] = position;
      state = STATE_AFTER[what] ?? AFTER;
    } else if (state === KEY || !leave(byte, depth)) {
      fail(state <= KEY ? 'A key is expected' : 'A comma or an end is expected', position, body);
      return -1;
    } else {
      if (--depth === 0) return position;
      position++;
      if (depth === 1 && field >= 0) spans.end[field] = position;
      state = AFTER;
    }
  }
  return -1;
}

function begin(spans: Spans, field: number, what: number, position: number): void {
  spans.start[field] = position;
  spans.kind[field] = what;
}

/** Opens an object or an array, which makes it `depth` levels; returns the offset inside it, or -1. */
function enter(what: number, depth: number, position: number): number {
  if (depth > MAX_DEPTH)
    return limit(`The JSON is nested deeper than ${MAX_DEPTH} levels`, position);
  objectAt[depth] = what === OBJECT ? 1 : 0;
  if (what === OBJECT) ledger.open();
  return position + 1;
}

/** Whether the byte closes what is open; forgets an object's keys. */
function leave(byte: number, depth: number): boolean {
  if (objectAt[depth] !== 1) return byte === CLOSE_BRACKET;
  if (byte !== CLOSE_BRACE) return false;
  ledger.close();
  return true;
}

/** Reads a key that starts behind its quote; returns the offset behind the colon, or -1. */
function readKey(body: Uint8Array, start: number): number {
  const { length } = body;
  let hash = HASH_START;
  let end = start;
  for (; end < length; end++) {
    const byte = body[end] ?? 0;
    if (byte === QUOTE || byte === BACKSLASH || byte < SPACE) break;
    hash = Math.imul(hash ^ byte, HASH_PRIME);
  }
  keySource = body;
  keyStart = start;
  keyEnd = end;
  if (body[end] !== QUOTE) {
    end = skipString(body, end);
    if (end < 0) return -1;
    hash = resolveKey(body, start, end);
  }
  const verdict = ledger.add(body, start, end, finish(hash));
  if (verdict !== ADDED) return refuseKey(verdict, start - 1);
  const colon = skipSpace(body, end + 1);
  return body[colon] === COLON ? colon + 1 : fail('A colon is expected', colon, body);
}

/** Resolves the escapes of a key into scratch and returns the hash of what it says. */
function resolveKey(body: Uint8Array, start: number, end: number): number {
  if (keyScratch.length < end - start) keyScratch = new Uint8Array((end - start) * 2);
  keySource = keyScratch;
  keyStart = 0;
  keyEnd = unescape(body, start, end, keyScratch);
  let hash = HASH_START;
  for (let i = 0; i < keyEnd; i++) hash = Math.imul(hash ^ (keyScratch[i] ?? 0), HASH_PRIME);
  return hash;
}

/** Spreads a hash over all its bits, as the table uses the low ones only. */
function finish(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

/** Skips a value that is neither object nor array; returns the offset behind it, or -1. */
function skipScalar(body: Uint8Array, position: number, kind: number): number {
  if (kind === STRING) {
    const end = skipString(body, position + 1);
    return end < 0 ? -1 : end + 1;
  }
  if (kind === NUMBER) return skipNumber(body, position);
  if (kind === TRUE) return skipWord(body, position, 'true');
  if (kind === FALSE) return skipWord(body, position, 'false');
  if (kind === NULL) return skipWord(body, position, 'null');
  return fail('A value is expected', position, body);
}

/** Skips a string's content from `start`; returns the offset of the closing quote, or -1. */
function skipString(body: Uint8Array, start: number): number {
  const { length } = body;
  let position = start;
  while (position < length) {
    const byte = body[position] ?? 0;
    if (byte === QUOTE) return position;
    if (byte === BACKSLASH) {
      position = skipEscape(body, position);
      if (position < 0) return -1;
    } else if (byte >= SPACE) {
      position++;
      if (((position + lead) & 3) === 0) position = skipPlainWords(position);
    } else return fail('A control character is not escaped', position);
  }
  return fail('A string is not closed', length);
}

/** Skips from an aligned offset, a word at a time, what neither ends nor escapes nor breaks a string. */
function skipPlainWords(position: number): number {
  const source = words;
  const { length } = source;
  let index = (position + lead) >> 2;
  // Long strings by four words, as long as none of them stops it.
  for (; index + 3 < length; index += 4) {
    const stops =
      stopsIn(source[index] ?? 0) |
      stopsIn(source[index + 1] ?? 0) |
      stopsIn(source[index + 2] ?? 0) |
      stopsIn(source[index + 3] ?? 0);
    if ((stops & 0x80808080) !== 0) break;
  }
  while (index < length && (stopsIn(source[index] ?? 0) & 0x80808080) === 0) index++;
  return (index << 2) - lead;
}

/**
 * Sets the top bit of a byte of the word that is a quote, a backslash or a control character; maybe that of one above such a byte, too.
 * A byte below the one that is subtracted borrows, so that its top bit is set. With one bit turned, a quote comes right behind the
 * control characters, so that they are found as one.
 */
function stopsIn(word: number): number {
  return (((word ^ 0x02020202) - 0x21212121) | ((word ^ 0x5c5c5c5c) - 0x01010101)) & ~word;
}

function skipEscape(body: Uint8Array, position: number): number {
  const escape = body[position + 1] ?? 0;
  if (shortEscape(escape) !== 0) return position + 2;
  if (escape === LOWER_U && isHex4(body, position + 2)) return position + 6;
  return fail('An escape is not valid', position);
}

function isHex4(body: Uint8Array, position: number): boolean {
  for (let i = 0; i < 4; i++) if (hexDigit(body[position + i] ?? 0) < 0) return false;
  return true;
}

function skipNumber(body: Uint8Array, start: number): number {
  let position = body[start] === MINUS ? start + 1 : start;
  if (body[position] === ZERO) position++;
  else {
    position = skipDigits(body, position);
    if (position < 0) return -1;
  }
  if (body[position] === DOT) {
    position = skipDigits(body, position + 1);
    if (position < 0) return -1;
  }
  if (((body[position] ?? 0) | 0x20) === LOWER_E) {
    const sign = body[position + 1] ?? 0;
    position = skipDigits(body, position + (sign === PLUS || sign === MINUS ? 2 : 1));
  }
  return position;
}

function skipDigits(body: Uint8Array, start: number): number {
  const { length } = body;
  let position = start;
  for (; position < length; position++) {
    const byte = body[position] ?? 0;
    if (byte < ZERO || byte > NINE) break;
  }
  return position === start ? fail('A digit is expected', position, body) : position;
}

function skipWord(body: Uint8Array, position: number, word: string): number {
  for (let i = 1; i < word.length; i++) {
    if (body[position + i] !== word.charCodeAt(i)) return fail('A value is expected', position);
  }
  return position + word.length;
}

function notAnObject(body: Uint8Array, position: number): Refused {
  if (position >= body.length) fail('The body is empty', position);
  else if (body[position] === 0xef && body[position + 1] === 0xbb) {
    fail('The body starts with a byte order mark', position);
  } else fail('The body is not a JSON object', position);
  return refusal;
}

function refuseKey(verdict: number, offset: number): number {
  if (verdict === DUPLICATE) return limit('A key comes twice in one object', offset);
  if (verdict === TOO_MANY) return limit(`An object has more than ${MAX_KEYS} keys`, offset);
  if (verdict === TOO_MANY_IN_ALL) {
    return limit(`The JSON has more than ${MAX_KEYS_IN_ALL} keys`, offset);
  }
  return limit('The keys of an object are made to collide', offset);
}

function fail(what: string, offset: number, body?: Uint8Array): -1 {
  const message = body !== undefined && offset >= body.length ? 'The JSON ends too early' : what;
  refusal = refusedAt('malformed_json', message, offset);
  return -1;
}

function limit(what: string, offset: number): -1 {
  refusal = refusedAt('json_limits', what, offset);
  return -1;
}

function refusedAt(code: Refused['code'], what: string, offset: number): Refused {
  return { ok: false, code, message: `${what} (at byte ${offset}).`, offset };
}
