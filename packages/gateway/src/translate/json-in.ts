/** What a body says as JSON; null where it is none. */
export function jsonIn(body: Uint8Array): unknown {
  try {
    return JSON.parse(textOf(body));
  } catch {
    return null;
  }
}

/** A body's characters; bytes that are no UTF-8 become U+FFFD. */
export function textOf(body: Uint8Array): string {
  const bytes =
    body instanceof Buffer ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  return bytes.toString('utf8');
}
