/**
 * Takes long base64 strings (pictures, documents, sound) out of a JSON text before it is parsed, and puts their bytes back after it has
 * been written anew: they are copied once and never become text. What remains to be parsed is small whatever is attached.
 */
import { SEAL_LENGTH, SEAL_MARK } from '../canonical/signature.ts';
import { BACKSLASH, LOWER_E, LOWER_U, QUOTE } from '../json/bytes.ts';

/** Shorter strings are not worth it. */
const LEAST = 16 * 1024;
/** First byte of a mark in UTF-8: U+E000 … U+E001, private use. A body that holds one already is left whole. */
const MARK_OPEN = '\uE000';
const MARK_CLOSE = '\uE001';
const OPEN_BYTES = Uint8Array.of(0xee, 0x80, 0x80);
const ZEROS = Uint8Array.of(0x30, 0x30, 0x30);
const CLOSE_BYTES = Uint8Array.of(0xee, 0x80, 0x81);

/** Letters, digits, `+`, `/`, `=`, `-`, `_`: both alphabets of base64 (RFC 4648). */
const IS_BASE64 = new Uint8Array(256);
for (const character of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=-_') {
  IS_BASE64[character.charCodeAt(0)] = 1;
}

/** A body in which marks stand for long strings. */
export interface Lifted {
  /** The body itself where nothing was lifted. */
  readonly small: Uint8Array;
  /** What the marks stand for, by their number. */
  readonly strings: readonly Uint8Array[];
}

interface Span {
  readonly start: number;
  readonly end: number;
}

/** Finds what can be lifted out of a valid JSON text. Linear; copies what stays. */
export function liftStrings(body: Uint8Array): Lifted {
  const spans =
    body.length < LEAST || indexOfBytes(body, OPEN_BYTES, 0) >= 0 ? [] : longSpans(body);
  if (spans.length === 0) return { small: body, strings: [] };
  const strings = spans.map(({ start, end }) => viewOf(body, start, end));
  const parts: Uint8Array[] = [];
  let read = 0;
  for (const [index, { start, end }] of spans.entries()) {
    parts.push(viewOf(body, read, start), encoder.encode(markOf(index)));
    read = end;
  }
  parts.push(viewOf(body, read, body.length));
  // An escaped one would be taken for a mark once it is parsed.
  if (parts.some(hasEscapedMark)) return { small: body, strings: [] };
  return { small: concat(parts), strings };
}

/** Whether `\\ue000` stands there, in whatever case. */
function hasEscapedMark(part: Uint8Array): boolean {
  let at = part.indexOf(BACKSLASH);
  while (at >= 0) {
    const letter = (part[at + 2] ?? 0) | 0x20;
    if (part[at + 1] === LOWER_U && letter === LOWER_E && startsWith(part, at + 3, ZEROS))
      return true;
    at = part.indexOf(BACKSLASH, at + 1);
  }
  return false;
}

const encoder = new TextEncoder();
const markOf = (index: number): string => `${MARK_OPEN}${index}${MARK_CLOSE}`;

/**
 * Base64 runs inside string values: the whole string, or what follows `;base64,` in a data URL. A run that is long enough has a byte at
 * one of the places that are looked at, so that words and calls, however many, are hardly read.
 */
function longSpans(body: Uint8Array): Span[] {
  const spans: Span[] = [];
  let place = LEAST - 1;
  while (place < body.length) {
    const start = runStart(body, place);
    const end = runEnd(body, place);
    if (end - start >= LEAST && body[end] === QUOTE) {
      const from = dataStart(body, start);
      if (from !== null && end - from >= LEAST) spans.push({ start: from, end });
    }
    place = end < place + LEAST ? place + LEAST : end + LEAST - 1 - ((end - place) % LEAST);
  }
  return spans;
}

function runStart(body: Uint8Array, place: number): number {
  let start = place;
  while (start > 0 && IS_BASE64[body[start - 1] ?? 0] === 1) start--;
  return start;
}

/** The place itself where there is no run. */
function runEnd(body: Uint8Array, place: number): number {
  let end = place;
  while (IS_BASE64[body[end] ?? 0] === 1) end++;
  return end;
}

const DATA = encoder.encode('data:');
const SEAL = encoder.encode(SEAL_MARK);
const BASE64 = encoder.encode(';base64,');
/** A media type with its parameters is shorter than this. */
const MAX_PREFIX = 256;

/** Where what can be lifted begins, of a run that ends its string; null where the string has something else before it. */
function dataStart(body: Uint8Array, start: number): number | null {
  if (opensString(body, start - 1)) {
    // Whose proof a signature is has to be read.
    return startsWith(body, start, SEAL) ? start + SEAL_LENGTH : start;
  }
  const near = viewOf(body, Math.max(0, start - MAX_PREFIX), start);
  const quote = start - near.length + near.lastIndexOf(QUOTE);
  if (!opensString(body, quote) || !startsWith(body, quote + 1, DATA)) return null;
  const prefix = viewOf(body, quote + 1, start);
  const at = indexOfBytes(prefix, BASE64, 0);
  return at >= 0 && at + BASE64.length === prefix.length ? start : null;
}

/** In a valid text, an unescaped quote with anything but punctuation behind it opens a string. */
function opensString(body: Uint8Array, at: number): boolean {
  if (body[at] !== QUOTE) return false;
  let before = at;
  while (before > 0 && body[before - 1] === BACKSLASH) before--;
  return ((at - before) & 1) === 0;
}

function startsWith(body: Uint8Array, at: number, bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) if (body[at + i] !== bytes[i]) return false;
  return true;
}

function indexOfBytes(body: Uint8Array, bytes: Uint8Array, from: number): number {
  const first = bytes[0] ?? 0;
  let at = body.indexOf(first, from);
  while (at >= 0) {
    if (startsWith(body, at, bytes)) return at;
    at = body.indexOf(first, at + 1);
  }
  return -1;
}

/**
 * The written text as bytes, every mark replaced by what it stands for; marks that were dropped on the way are gone with it.
 * `allocate` gives memory whose content does not matter.
 */
export function lowerStrings(
  text: string,
  strings: readonly Uint8Array[],
  allocate: (length: number) => Uint8Array,
): Uint8Array {
  const parts = lowerApart(text, strings);
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : concat(parts, allocate);
}

/** The same in pieces that follow each other: the strings themselves, and what stands between them. */
export function lowerApart(text: string, strings: readonly Uint8Array[]): readonly Uint8Array[] {
  const bytes = encoder.encode(text);
  if (strings.length === 0) return [bytes];
  const parts: Uint8Array[] = [];
  let read = 0;
  let mark = indexOfBytes(bytes, OPEN_BYTES, 0);
  while (mark >= 0) {
    const close = indexOfBytes(bytes, CLOSE_BYTES, mark);
    const string = close < 0 ? undefined : strings[numberAt(bytes, mark + 3, close)];
    if (string === undefined) {
      mark = indexOfBytes(bytes, OPEN_BYTES, mark + 3);
      continue;
    }
    parts.push(viewOf(bytes, read, mark), string);
    read = close + 3;
    mark = indexOfBytes(bytes, OPEN_BYTES, read);
  }
  parts.push(viewOf(bytes, read, bytes.length));
  return parts;
}

function numberAt(bytes: Uint8Array, start: number, end: number): number {
  let value = end > start && end - start < 7 ? 0 : -1;
  for (let at = start; at < end; at++) {
    const digit = (bytes[at] ?? 0) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

function concat(
  parts: readonly Uint8Array[],
  allocate: (length: number) => Uint8Array = plain,
): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const result = allocate(length);
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}

const plain = (length: number): Uint8Array => new Uint8Array(length);

function viewOf(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start);
}
