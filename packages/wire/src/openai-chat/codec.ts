import type { Codec, Decoded, RequestPlace } from '../canonical/codec.ts';
import type { Drops } from '../canonical/drops.ts';
import { decoding } from '../canonical/read-member.ts';
import type { CanonicalRequest } from '../canonical/request.ts';
import type { CanonicalResponse } from '../canonical/response.ts';
import type { JsonObject } from '../json/value.ts';
import { readRequest } from './decode-request.ts';
import { readResponse } from './decode-response.ts';
import { CHAT_ENCODE_DEFAULTS, type ChatEncodeOptions } from './encode-options.ts';
import { encodeRequest } from './encode-request.ts';
import { encodeResponse } from './encode-response.ts';
import { streamDecoder } from './stream-decoder.ts';
import { streamEncoder } from './stream-encoder.ts';

/**
 * OpenAI's Chat Completions, and what the hosts that speak it added. `encodeRequest` takes, beyond what every codec takes, what the host
 * in question knows.
 */
export const chatCodec = {
  dialect: 'openai-chat',
  decodeRequest: (body: JsonObject, place: RequestPlace): Decoded<CanonicalRequest> =>
    decoding(() => readRequest(body, place)),
  encodeRequest: (
    request: CanonicalRequest,
    drops: Drops,
    options: ChatEncodeOptions = CHAT_ENCODE_DEFAULTS,
  ): JsonObject => encodeRequest(request, drops, options),
  decodeResponse: (body: JsonObject, seed: string): Decoded<CanonicalResponse> => {
    const value = readResponse(body, seed);
    if (value !== null) return { ok: true, value };
    const message = 'The provider answered with no list of choices.';
    return { ok: false, code: 'upstream_error', message, param: null };
  },
  encodeResponse,
  streamDecoder,
  streamEncoder,
} as const satisfies Codec;
