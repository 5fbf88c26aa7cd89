import { FALSE, NUMBER, STRING, TRUE } from './kind.ts';

const decoder = new TextDecoder();

/** A value of a scan, as JavaScript has it: for small spans only, as it is decoded and parsed. */
export function readValue(body: Uint8Array, start: number, end: number): unknown {
  try {
    return JSON.parse(decoder.decode(body.subarray(start, end))) as unknown;
  } catch {
    return undefined;
  }
}

/** A string value of a scan: the span has its quotes. */
export function readString(body: Uint8Array, start: number, end: number): string {
  const text = decoder.decode(body.subarray(start + 1, end - 1));
  if (!text.includes('\\')) return text;
  const value = readValue(body, start, end);
  return typeof value === 'string' ? value : '';
}

/** What a value is called in a message to the caller. */
export function kindName(kind: number): string {
  if (kind === STRING) return 'a string';
  if (kind === NUMBER) return 'a number';
  if (kind === TRUE || kind === FALSE) return 'a boolean';
  return ['nothing', 'an object', 'an array'][kind] ?? 'null';
}
