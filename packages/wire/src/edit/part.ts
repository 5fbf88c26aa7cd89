/** Up to so many bytes a loop copies faster than a call does. */
const FEW = 48;

/** A view; not `subarray`, which is slow on the subclass that Node's sockets give out. For reading only: it is none of that class. */
export function partOf(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start);
}

/** Writes all of `bytes` into `result` at an offset. */
export function put(result: Uint8Array, at: number, bytes: Uint8Array): void {
  const { length } = bytes;
  if (length > FEW) result.set(bytes, at);
  else for (let i = 0; i < length; i++) result[at + i] = bytes[i] ?? 0;
}
