import type { Answer } from './bind-route.ts';

const DEFAULT_MAX_BYTES = 1024 * 1024;

/** Reads a JSON body of bounded size; undefined where there is none. */
export async function readJsonBody(
  request: Request,
  maxBytes: number = DEFAULT_MAX_BYTES,
): Promise<Answer<unknown>> {
  const tooLarge: Answer<unknown> = {
    ok: false,
    code: 'payload_too_large',
    detail: `The body may have ${maxBytes} bytes.`,
  };
  const encoding = request.headers.get('content-encoding');
  if (encoding !== null && encoding.toLowerCase() !== 'identity')
    return { ok: false, code: 'unsupported_media_type', detail: 'Send the body uncompressed.' };
  if (Number(request.headers.get('content-length') ?? 0) > maxBytes) return tooLarge;
  const bytes = await readBytes(request.body, maxBytes);
  if (bytes === null) return tooLarge;
  if (bytes.length === 0) return { ok: true, value: undefined };
  const type = request.headers.get('content-type') ?? '';
  if (!/^application\/json\s*(;\s*charset="?utf-8"?\s*)?$/i.test(type))
    return { ok: false, code: 'unsupported_media_type', detail: 'Send application/json.' };
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    const value: unknown = JSON.parse(text);
    return { ok: true, value };
  } catch {
    return { ok: false, code: 'malformed_json', detail: 'The body is not JSON in UTF-8.' };
  }
}

/** The whole body, or null when it is larger than allowed. */
async function readBytes(
  body: ReadableStream<Uint8Array> | null,
  maxBytes: number,
): Promise<Uint8Array | null> {
  if (body === null) return new Uint8Array(0);
  const reader = body.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return Buffer.concat(chunks, length);
    length += value.length;
    if (length > maxBytes) {
      await reader.cancel();
      return null;
    }
    chunks.push(value);
  }
}
