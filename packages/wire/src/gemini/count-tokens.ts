/** `:countTokens`, both ways. Source: https://ai.google.dev/api/tokens, `CountTokensParameters` and `CountTokensResponse` of @google/genai. */
import type { Decoded, RequestPlace } from '../canonical/codec.ts';
import type { Drops } from '../canonical/drops.ts';
import { decoding, lenientCount, optionalObject } from '../canonical/read-member.ts';
import type { CanonicalRequest } from '../canonical/request.ts';
import type { JsonObject } from '../json/value.ts';
import { decodeRequest } from './decode-request.ts';
import { encodeRequest } from './encode-request.ts';
import { said } from '../canonical/said.ts';
import { camelMembers } from './member-names.ts';

/** What is to be counted: `contents` (and on Vertex AI what belongs to them) or a whole `generateContentRequest`. */
export function decodeCountTokens(
  body: JsonObject,
  place: RequestPlace,
): Decoded<CanonicalRequest> {
  const members = camelMembers(body);
  const whole = decoding(() => optionalObject(members, 'generateContentRequest', ''));
  if (!whole.ok) return whole;
  return decodeRequest(whole.value ?? members, place);
}

/**
 * The body for Google: AI Studio counts instructions and tools only inside a `generateContentRequest`, Vertex AI only beside the contents.
 */
export function encodeCountTokens(
  request: CanonicalRequest,
  host: 'ai-studio' | 'vertex',
  drops: Drops,
): JsonObject {
  const body = encodeRequest(request, drops);
  if (host === 'ai-studio') {
    return { generateContentRequest: { model: `models/${request.model}`, ...body } };
  }
  const { contents, systemInstruction, tools, generationConfig } = body;
  return said({ contents, systemInstruction, tools, generationConfig });
}

/** Tokens counted; null where the answer has no count. */
export function decodeTokenCount(body: JsonObject): number | null {
  const { totalTokens } = body;
  return typeof totalTokens === 'number' ? lenientCount(totalTokens) : null;
}

/** The body that tells a caller the count. */
export function renderTokenCount(totalTokens: number): string {
  return JSON.stringify({ totalTokens });
}
