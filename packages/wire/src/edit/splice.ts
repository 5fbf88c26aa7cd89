import { partOf, put } from './part.ts';

/** One replacement: the bytes from `start` up to `end` give way to `bytes`; `start === end` inserts. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly bytes: Uint8Array;
}

/** Gives `length` bytes whose content does not matter: they are all written. */
export type Allocate = (length: number) => Uint8Array;

/**
 * The body with the edits made, every other byte as it was; the body itself when there are none. Edits may come in any order.
 * `allocate` may hand out parts of a pool: memory of its own for every body is what costs most here.
 * @throws RangeError when an edit lies outside the body or two of them overlap
 */
export function splice(
  body: Uint8Array,
  edits: readonly Edit[],
  allocate: Allocate = plain,
): Uint8Array {
  if (edits.length === 0) return body;
  const ordered = inOrder(body, edits);
  let { length } = body;
  for (const { start, end, bytes } of ordered) length += bytes.length - (end - start);
  const result = allocate(length);
  let read = 0;
  let written = 0;
  for (const { start, end, bytes } of ordered) {
    put(result, written, partOf(body, read, start));
    written += start - read;
    put(result, written, bytes);
    written += bytes.length;
    read = end;
  }
  put(result, written, partOf(body, read, body.length));
  return result;
}

/**
 * The same as views of the body and the edits' own bytes, to be written one after the other: nothing is copied, which is what a large
 * body wants.
 * @throws RangeError as `splice` does
 */
export function spliceApart(body: Uint8Array, edits: readonly Edit[]): readonly Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let read = 0;
  for (const { start, end, bytes } of inOrder(body, edits)) {
    pieces.push(partOf(body, read, start), bytes);
    read = end;
  }
  pieces.push(partOf(body, read, body.length));
  return pieces;
}

function inOrder(body: Uint8Array, edits: readonly Edit[]): readonly Edit[] {
  const ordered = edits.length === 1 ? edits : edits.toSorted((a, b) => a.start - b.start);
  let last = 0;
  for (const { start, end } of ordered) {
    if (start < last || end < start || end > body.length) {
      throw new RangeError(`edit ${start}..${end} is outside the body or overlaps another`);
    }
    last = end;
  }
  return ordered;
}

function plain(length: number): Uint8Array {
  return new Uint8Array(length);
}
