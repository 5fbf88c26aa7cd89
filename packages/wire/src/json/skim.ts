/**
 * Finds the top-level members of a document that its sender vouches for: an answer of a provider, whose length HTTP has verified. Far
 * cheaper than a scan, as it judges the structure alone: every string and every bracket that opens must close, members must follow
 * one another, and nothing may come after the end, so that no document that was cut anywhere passes. What stands inside a value is not
 * judged. A key that comes twice is let through; the last one counts, as in JSON.parse.
 */
import { BACKSLASH, CLOSE_BRACE, COLON, COMMA, OPEN_BRACE, OPEN_BRACKET, QUOTE } from './bytes.ts';
import { matchField, type FieldSet } from './field-set.ts';
import { ABSENT, ARRAY, KIND_OF, OBJECT, STRING } from './kind.ts';
import { skipSpace } from './skip.ts';
import { clearSpans, type Spans } from './spans.ts';
import { unescape } from './unescape.ts';

/** From this length of a string on the native search for its quote is worth the call. */
const SHORT = 32;

/**
 * Reads the object that fills `body` from `start` to `end`, white space around it apart, and notes its members in `spans`. Never
 * throws; time is linear. False when it is no object, or not whole.
 */
export function skimObject(
  body: Uint8Array,
  fields: FieldSet,
  spans: Spans,
  bounds: { readonly start: number; readonly end: number },
): boolean {
  const { end } = bounds;
  clearSpans(spans);
  let position = skipSpace(body, bounds.start);
  if (position >= end || body[position] !== OPEN_BRACE) return false;
  position = skipSpace(body, position + 1);
  if (position < end && body[position] === CLOSE_BRACE) return isBlank(body, position + 1, end);
  while (position < end && body[position] === QUOTE) {
    const key = position + 1;
    position = key;
    while (position < end && body[position] !== QUOTE && body[position] !== BACKSLASH) position++;
    const escaped = body[position] === BACKSLASH;
    if (escaped) position = quoteAfter(body, position, end);
    if (position < 0 || position >= end) return false;
    const field = escaped
      ? escapedField(body, fields, key, position)
      : matchField(fields, body, key, position);
    position = skipSpace(body, position + 1);
    if (position >= end || body[position] !== COLON) return false;
    position = skipSpace(body, position + 1);
    const kind = position < end ? (KIND_OF[body[position] ?? 0] ?? ABSENT) : ABSENT;
    const after = pass(body, position, end, kind);
    if (after < 0) return false;
    if (field >= 0) {
      spans.start[field] = position;
      spans.end[field] = after;
      spans.kind[field] = kind;
    }
    position = skipSpace(body, after);
    if (position >= end) return false;
    if (body[position] === CLOSE_BRACE) return isBlank(body, position + 1, end);
    if (body[position] !== COMMA) return false;
    position = skipSpace(body, position + 1);
  }
  return false;
}

function isBlank(body: Uint8Array, start: number, end: number): boolean {
  return skipSpace(body, start) >= end;
}

/** The offset behind the value of a kind that starts at `start`, -1 where it does not end. */
function pass(body: Uint8Array, start: number, end: number, kind: number): number {
  if (kind === STRING) {
    const quote = quoteAfter(body, start + 1, end);
    return quote < 0 ? -1 : quote + 1;
  }
  if (kind === OBJECT || kind === ARRAY) return passNested(body, start, end);
  return kind === ABSENT ? -1 : passWord(body, start, end);
}

/** Passes an object or an array: whatever is in it, up to where as many brackets have closed as have opened. */
function passNested(body: Uint8Array, start: number, end: number): number {
  let depth = 0;
  let position = start;
  while (position < end) {
    const byte = body[position++] ?? 0;
    if (byte === QUOTE) {
      position = quoteAfter(body, position, end) + 1;
      if (position === 0) return -1;
    } else if (byte >= OPEN_BRACKET) {
      // Square brackets and braces differ in one bit.
      const brace = byte | 0x20;
      if (brace === OPEN_BRACE) depth++;
      else if (brace === CLOSE_BRACE && --depth === 0) return position;
    }
  }
  return -1;
}

/** A number or a literal: whatever there is up to the next byte that structures. */
function passWord(body: Uint8Array, start: number, end: number): number {
  let position = start + 1;
  for (; position < end; position++) {
    const byte = body[position] ?? 0;
    if (byte === COMMA || byte === CLOSE_BRACE || byte <= 0x20) return position;
    if (byte === QUOTE || byte === OPEN_BRACE || byte === OPEN_BRACKET) return -1;
  }
  return -1;
}

/** The offset of the quote that closes the string whose content starts at `start`, -1 where there is none. */
function quoteAfter(body: Uint8Array, start: number, end: number): number {
  let position = start;
  while (position < end) {
    const near = position + SHORT < end ? position + SHORT : end;
    while (position < near) {
      const byte = body[position];
      if (byte === QUOTE) return position;
      position += byte === BACKSLASH ? 2 : 1;
    }
    if (position >= end) return -1;
    const quote = body.indexOf(QUOTE, position);
    if (quote < 0 || quote >= end) return -1;
    if (!isEscaped(body, quote, position)) return quote;
    position = quote + 1;
  }
  return -1;
}

/** Whether an odd number of backslashes stands before the quote; those before `from` belong to what has been read. */
function isEscaped(body: Uint8Array, quote: number, from: number): boolean {
  let before = quote;
  while (before > from && body[before - 1] === BACKSLASH) before--;
  return ((quote - before) & 1) === 1;
}

/** The field whose escaped key lies there, -1 where it is none of them: rare, so that it may allocate. */
function escapedField(body: Uint8Array, fields: FieldSet, start: number, end: number): number {
  const plain = new Uint8Array(end - start);
  return matchField(fields, plain, 0, unescape(body, start, end, plain));
}
