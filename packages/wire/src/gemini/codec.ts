import type { Codec } from '../canonical/codec.ts';
import { decodeRequest } from './decode-request.ts';
import { decodeResponse } from './decode-response.ts';
import { encodeRequest } from './encode-request.ts';
import { encodeResponse } from './encode-response.ts';
import { GeminiStreamDecoder } from './stream-decoder.ts';
import { GeminiStreamEncoder } from './stream-encoder.ts';

/** Gemini's generateContent, on Google AI Studio and Vertex AI alike; model and whether it is streamed stand in the path. */
export const geminiCodec: Codec = Object.freeze({
  dialect: 'gemini',
  decodeRequest,
  encodeRequest,
  decodeResponse,
  encodeResponse,
  streamDecoder: (seed: string) => new GeminiStreamDecoder(seed),
  streamEncoder: (stamp) => new GeminiStreamEncoder(stamp),
} satisfies Codec);
