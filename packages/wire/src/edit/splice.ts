/** One replacement: the bytes from `start` up to `end` give way to `bytes`; `start === end` inserts. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly bytes: Uint8Array;
}

/**
 * The body with the edits made, every other byte as it was; the body itself when there are none. Edits may come in any order.
 * @throws RangeError when an edit lies outside the body or two of them overlap
 */
export function splice(body: Uint8Array, edits: readonly Edit[]): Uint8Array {
  if (edits.length === 0) return body;
  const ordered = edits.length === 1 ? edits : edits.toSorted((a, b) => a.start - b.start);
  let length = body.length;
  let last = 0;
  for (const { start, end, bytes } of ordered) {
    if (start < last || end < start || end > body.length) {
      throw new RangeError(`edit ${start}..${end} is outside the body or overlaps another`);
    }
    length += bytes.length - (end - start);
    last = end;
  }
  const result = new Uint8Array(length);
  let read = 0;
  let written = 0;
  for (const { start, end, bytes } of ordered) {
    result.set(body.subarray(read, start), written);
    written += start - read;
    result.set(bytes, written);
    written += bytes.length;
    read = end;
  }
  result.set(body.subarray(read), written);
  return result;
}
