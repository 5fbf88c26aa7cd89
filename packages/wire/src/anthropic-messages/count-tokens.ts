/** `POST /v1/messages/count_tokens`: a request without its limits, answered by a number. Source: `MessageCountTokensParams` of the SDK. */
import type { Decoded } from '../canonical/codec.ts';
import type { Drops } from '../canonical/drops.ts';
import type { CanonicalRequest } from '../canonical/request.ts';
import type { JsonObject } from '../json/value.ts';
import { decodeRequest } from './decode-request.ts';
import { encodeRequest } from './encode-request.ts';

const COUNTED = [
  'model',
  'messages',
  'system',
  'tools',
  'tool_choice',
  'thinking',
  'output_config',
  'cache_control',
  'speed',
  'mcp_servers',
  'context_management',
] as const;

export function decodeCountTokens(body: JsonObject): Decoded<CanonicalRequest> {
  return decodeRequest(body, { model: null, stream: false });
}

/** The body for a provider of this dialect: what counts of a request, and nothing of how it is answered. */
export function encodeCountTokens(request: CanonicalRequest, drops: Drops): JsonObject {
  const body = encodeRequest(request, drops);
  const counted: Record<string, JsonObject[string]> = {};
  for (const name of COUNTED) if (body[name] !== undefined) counted[name] = body[name];
  return counted;
}

/** What a provider counted; null where it said no number. */
export function readTokenCount(body: JsonObject): number | null {
  const count = body['input_tokens'];
  return typeof count === 'number' && Number.isSafeInteger(count) && count >= 0 ? count : null;
}

/** The answer to a caller. */
export function renderTokenCount(inputTokens: number): string {
  return JSON.stringify({ input_tokens: inputTokens });
}
