/** Messages of a WebSocket travel through the gateway as bytes, like the pieces of any stream; that one is binary is noted beside. */
const binary = new WeakSet<Uint8Array>();

export function binaryMessage(bytes: Uint8Array): Uint8Array {
  binary.add(bytes);
  return bytes;
}

export const isBinary = (bytes: Uint8Array): boolean => binary.has(bytes);

/** The largest message that is passed on, either way: a quarter of an hour of sound in one piece is more than any client sends. */
export const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;
/** From so much that waits to be sent on, the other side is not read any further. */
export const MOST_WAITING_BYTES = 1024 * 1024;
