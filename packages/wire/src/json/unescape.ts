import { BACKSLASH, LOWER_U } from './bytes.ts';

const SHORT = shortEscapes();

function shortEscapes(): Uint8Array {
  const table = new Uint8Array(128);
  for (const [escape, byte] of [
    ['"', 0x22],
    ['\\', 0x5c],
    ['/', 0x2f],
    ['b', 0x08],
    ['f', 0x0c],
    ['n', 0x0a],
    ['r', 0x0d],
    ['t', 0x09],
  ] as const) {
    table[escape.charCodeAt(0)] = byte;
  }
  return table;
}

/** The value of a hexadecimal digit, -1 where it is none. */
export function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

/** The byte that `\x` stands for, 0 where there is no such escape; `\u` is not one of them. */
export function shortEscape(byte: number): number {
  return SHORT[byte] ?? 0;
}

/**
 * Writes a JSON string's content with its escapes resolved, as UTF-8; a lone surrogate becomes the three bytes that encode it alone,
 * which no valid text has. Expects content that a scan has accepted; never writes more bytes than it reads.
 * @returns how many bytes were written to `out`
 */
export function unescape(source: Uint8Array, start: number, end: number, out: Uint8Array): number {
  let length = 0;
  let position = start;
  while (position < end) {
    const byte = source[position] ?? 0;
    if (byte !== BACKSLASH) {
      out[length++] = byte;
      position++;
      continue;
    }
    const escape = source[position + 1] ?? 0;
    if (escape !== LOWER_U) {
      out[length++] = shortEscape(escape);
      position += 2;
      continue;
    }
    let code = codeUnit(source, position + 2);
    position += 6;
    if (code >= 0xd800 && code < 0xdc00 && position + 6 <= end) {
      const low = lowSurrogate(source, position);
      if (low >= 0) {
        code = 0x10000 + ((code - 0xd800) << 10) + low;
        position += 6;
      }
    }
    length = writeUtf8(code, out, length);
  }
  return length;
}

function codeUnit(source: Uint8Array, position: number): number {
  let code = 0;
  for (let i = 0; i < 4; i++) code = (code << 4) | hexDigit(source[position + i] ?? 0);
  return code;
}

function lowSurrogate(source: Uint8Array, position: number): number {
  if (source[position] !== BACKSLASH || source[position + 1] !== LOWER_U) return -1;
  const code = codeUnit(source, position + 2);
  return code >= 0xdc00 && code < 0xe000 ? code - 0xdc00 : -1;
}

function writeUtf8(code: number, out: Uint8Array, at: number): number {
  let length = at;
  if (code < 0x80) {
    out[length++] = code;
    return length;
  }
  if (code < 0x800) {
    out[length++] = 0xc0 | (code >> 6);
  } else if (code < 0x10000) {
    out[length++] = 0xe0 | (code >> 12);
    out[length++] = 0x80 | ((code >> 6) & 0x3f);
  } else {
    out[length++] = 0xf0 | (code >> 18);
    out[length++] = 0x80 | ((code >> 12) & 0x3f);
    out[length++] = 0x80 | ((code >> 6) & 0x3f);
  }
  out[length++] = 0x80 | (code & 0x3f);
  return length;
}
