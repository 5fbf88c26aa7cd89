import type { Codec } from '../canonical/codec.ts';
import { decodeRequest } from './decode-request.ts';
import { decodeResponse } from './decode-response.ts';
import { RESPONSES } from './dialect.ts';
import { encodeRequest } from './encode-request.ts';
import { encodeResponse } from './encode-response.ts';
import { streamDecoder } from './stream-decoder.ts';
import { streamEncoder } from './stream-encoder.ts';

/** OpenAI's Responses API, both ways. Source of all shapes: `resources/responses/responses.d.ts` of the official `openai` package. */
export const responsesCodec: Codec = {
  dialect: RESPONSES,
  decodeRequest,
  encodeRequest,
  decodeResponse,
  encodeResponse,
  streamDecoder,
  streamEncoder,
};
