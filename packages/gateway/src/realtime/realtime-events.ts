/**
 * What the gateway reads of a realtime session: how much of the limits is left, and what answers have used.
 * Source: `RateLimitsUpdatedEvent`, `ResponseDoneEvent`, `RealtimeResponseUsage` of the OpenAI SDK (resources/realtime/realtime.d.ts).
 */
import type { LimitObservation } from '@keywell/core/keys/limit-observation';
import type { LIMIT_DIMENSIONS } from '@keywell/core/keys/limit-dimensions';
import type { TokenUsage } from '@keywell/core/log/request-record';
import { tokenUsage } from '@keywell/core/log/token-usage';
import {
  isJsonArray,
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from '@keywell/wire/json/value';

/** Names that the events begin with; of all others nothing but these bytes is looked for. */
const LIMITS = Buffer.from('"rate_limits.updated"');
const DONE = Buffer.from('"response.done"');
const ERROR = Buffer.from('"error"');
/** Events that are read are small; sound is in others. */
const MAX_READ_BYTES = 1024 * 1024;

export type RealtimeEvent =
  | { readonly kind: 'limits'; readonly told: readonly LimitObservation[] }
  /** An answer is over; null where it tells no usage. `failed`: it says why it came to nothing. */
  | { readonly kind: 'done'; readonly usage: TokenUsage | null; readonly failed: boolean }
  | { readonly kind: 'error' };

/** What an event of a provider tells the gateway; null for nearly all of them. */
export function readRealtimeEvent(message: Uint8Array): RealtimeEvent | null {
  if (message.byteLength > MAX_READ_BYTES) return null;
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.byteLength);
  if (!bytes.includes(LIMITS) && !bytes.includes(DONE) && !bytes.includes(ERROR)) return null;
  const event = parse(bytes);
  if (event === null) return null;
  if (event['type'] === 'rate_limits.updated') return limitsOf(event['rate_limits']);
  if (event['type'] === 'response.done') return doneOf(event['response']);
  return event['type'] === 'error' ? { kind: 'error' } : null;
}

function parse(bytes: Buffer): JsonObject | null {
  try {
    const event: unknown = JSON.parse(bytes.toString('utf8'));
    return isJsonObject(event) ? event : null;
  } catch {
    return null;
  }
}

const DIMENSIONS: Readonly<Record<string, (typeof LIMIT_DIMENSIONS)[number]>> = {
  requests: 'requests_minute',
  tokens: 'tokens_minute',
};

function limitsOf(limits: JsonValue | undefined): RealtimeEvent | null {
  if (!isJsonArray(limits)) return null;
  const told = limits.flatMap((limit): LimitObservation[] => {
    if (!isJsonObject(limit)) return [];
    const { name } = limit;
    const dimension =
      typeof name === 'string' && Object.hasOwn(DIMENSIONS, name) ? DIMENSIONS[name] : undefined;
    if (dimension === undefined) return [];
    const resetSeconds = countOf(limit['reset_seconds']);
    return [
      {
        dimension,
        limit: countOf(limit['limit']),
        remaining: countOf(limit['remaining']),
        resetInMs: resetSeconds === null ? null : resetSeconds * 1000,
        source: 'body',
      },
    ];
  });
  return told.length === 0 ? null : { kind: 'limits', told };
}

function doneOf(response: JsonValue | undefined): RealtimeEvent | null {
  if (!isJsonObject(response)) return null;
  const usage = usageOf(response['usage']);
  const failed = response['status'] === 'failed';
  return usage === null && !failed ? null : { kind: 'done', usage, failed };
}

function usageOf(usage: JsonValue | undefined): TokenUsage | null {
  if (!isJsonObject(usage)) return null;
  const input = detailsOf(usage['input_token_details']);
  const output = detailsOf(usage['output_token_details']);
  return tokenUsage({
    inputTokens: countOf(usage['input_tokens']) ?? 0,
    outputTokens: countOf(usage['output_tokens']) ?? 0,
    cachedTokens: countOf(input['cached_tokens']) ?? 0,
    audioInputTokens: countOf(input['audio_tokens']) ?? 0,
    imageInputTokens: countOf(input['image_tokens']) ?? 0,
    audioOutputTokens: countOf(output['audio_tokens']) ?? 0,
  });
}

const NONE: JsonObject = Object.freeze({});
const detailsOf = (value: JsonValue | undefined): JsonObject =>
  isJsonObject(value) ? value : NONE;

const countOf = (value: JsonValue | undefined): number | null =>
  typeof value === 'number' && value >= 0 && value < 1e12 ? value : null;
