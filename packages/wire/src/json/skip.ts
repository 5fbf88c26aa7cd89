/**
 * Finds where a value ends without judging it: for documents of providers, which are passed on as they are. Nothing here throws or
 * reads past `end`; -1 stands for a value that does not end.
 */
import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COMMA,
  CR,
  LF,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  SPACE,
  TAB,
} from './bytes.ts';

/** The offset of the next byte that is not white space. */
export function skipBlank(bytes: Uint8Array, start: number, end: number): number {
  let position = start;
  while (position < end && (bytes[position] ?? 0) <= SPACE) position++;
  return position;
}

/** The offset of the next byte that is not one of JSON's four characters of white space; may be the end of all bytes. */
export function skipSpace(bytes: Uint8Array, start: number): number {
  let position = start;
  for (;;) {
    const byte = bytes[position] ?? 0;
    if (byte > SPACE || (byte !== SPACE && byte !== LF && byte !== CR && byte !== TAB)) {
      return position;
    }
    position++;
  }
}

/** The offset of the quote that closes the string whose content starts at `start`. */
export function closingQuote(bytes: Uint8Array, start: number, end: number): number {
  for (let position = start; position < end; position++) {
    const byte = bytes[position];
    if (byte === QUOTE) return position;
    if (byte === BACKSLASH) position++;
  }
  return -1;
}

/** The offset behind the value that starts at `start`. */
export function skipValue(bytes: Uint8Array, start: number, end: number): number {
  let depth = 0;
  let position = start;
  while (position < end) {
    const byte = bytes[position];
    if (byte === QUOTE) {
      position = closingQuote(bytes, position + 1, end);
      if (position < 0) return -1;
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      depth++;
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      depth--;
    } else if (depth === 0) {
      return skipWord(bytes, position, end);
    }
    position++;
    if (depth <= 0) return depth < 0 ? -1 : position;
  }
  return -1;
}

/** A number or a literal: whatever there is up to the next byte that structures. */
function skipWord(bytes: Uint8Array, start: number, end: number): number {
  let position = start;
  for (; position < end; position++) {
    const byte = bytes[position] ?? 0;
    if (byte === COMMA || byte === CLOSE_BRACE || byte === CLOSE_BRACKET || byte <= SPACE) break;
  }
  return position === start ? -1 : position;
}
