import { Drops } from '@keywell/wire/canonical/drops';
import {
  decodeEmbedRequest,
  decodeOpenAiEmbedResponse,
  encodeEmbedResponse,
  encodeOpenAiEmbedRequest,
} from '@keywell/wire/gemini/embed';
import { isJsonObject } from '@keywell/wire/json/value';
import type { Refusal } from '../pipeline/refusal.ts';
import { refuse } from '../pipeline/refusal.ts';
import { jsonIn } from './json-in.ts';

/** Gemini's two ways of asking for vectors. */
export type EmbedMethod = 'embedContent' | 'batchEmbedContents';

/** A call for vectors in Gemini's words, made over in OpenAI's, which every provider of vectors here has. */
export interface EmbedCall {
  readonly method: EmbedMethod;
  readonly dropped: readonly string[];
}

/** The same request in OpenAI's words; the body has been scanned. */
export function embedRequest(
  body: Uint8Array,
  model: string,
): { readonly body: Uint8Array; readonly dropped: readonly string[] } | Refusal {
  const parsed = jsonIn(body);
  if (!isJsonObject(parsed)) return refuse('malformed_json');
  const decoded = decodeEmbedRequest(parsed);
  if (!decoded.ok) return refuse(decoded.code, decoded.message, { param: decoded.param });
  const drops = new Drops();
  const written = encodeOpenAiEmbedRequest(decoded.value, model, drops);
  return { body: Buffer.from(JSON.stringify(written)), dropped: drops.names };
}

/** The answer back in Gemini's words; null where it holds no vectors. */
export function embedAnswer(body: Uint8Array, method: EmbedMethod): Uint8Array | null {
  const parsed = jsonIn(body);
  const decoded = isJsonObject(parsed) ? decodeOpenAiEmbedResponse(parsed) : null;
  if (decoded?.ok !== true) return null;
  return Buffer.from(JSON.stringify(encodeEmbedResponse(decoded.value, method)));
}
