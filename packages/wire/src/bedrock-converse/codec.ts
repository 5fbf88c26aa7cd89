import type { Codec } from '../canonical/codec.ts';
import { decodeRequest } from './decode-request.ts';
import { decodeResponse } from './decode-response.ts';
import { CONVERSE } from './dialect-name.ts';
import { encodeRequest } from './encode-request.ts';
import { encodeResponse } from './encode-response.ts';
import { ConverseStreamDecoder } from './stream-decoder.ts';
import { ConverseStreamEncoder } from './stream-encoder.ts';

/** Amazon Bedrock's Converse and ConverseStream. */
export const converseCodec: Codec = Object.freeze({
  dialect: CONVERSE,
  decodeRequest,
  encodeRequest,
  decodeResponse,
  encodeResponse,
  streamDecoder: (seed: string) => new ConverseStreamDecoder(seed),
  streamEncoder: () => new ConverseStreamEncoder(),
});
