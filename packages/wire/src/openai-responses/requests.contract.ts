/** Requests through the codec and back, for the tests of this folder. */
import { Drops } from '../canonical/drops.ts';
import type { CanonicalRequest } from '../canonical/request.ts';
import type { JsonObject, JsonValue } from '../json/value.ts';
import { responsesCodec as codec } from './codec.ts';

export const NOWHERE = { model: null, stream: null };

export function decodeRequest(body: JsonObject): CanonicalRequest {
  const request = codec.decodeRequest(body, NOWHERE);
  if (!request.ok) throw new Error(request.message);
  return request.value;
}

export function encodeRequest(request: CanonicalRequest): {
  body: JsonObject;
  dropped: readonly string[];
} {
  const drops = new Drops();
  const body = codec.encodeRequest(request, drops);
  return { body, dropped: drops.names };
}

export const ask = (more: JsonObject = {}): JsonObject => ({
  model: 'gpt-5',
  input: 'Hi',
  ...more,
});
export const asItem = (role: string, content: JsonValue): JsonObject => ({
  type: 'message',
  role,
  content,
});
