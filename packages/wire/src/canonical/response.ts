import type { JsonObject, JsonValue } from '../json/value.ts';
import type { Part } from './content.ts';
import type { Dialect } from './dialect.ts';

/** Why a model stopped. `other` carries what the provider said in `Choice.stopDetail`. */
export const STOP_REASONS = [
  'stop',
  'length',
  'tool_calls',
  'content_filter',
  'refusal',
  'stop_sequence',
  'pause',
  'context_length',
  'other',
] as const;
export type StopReason = (typeof STOP_REASONS)[number];

/** A whole answer. */
export interface CanonicalResponse {
  readonly origin: Dialect;
  /** The provider's id of it; null where it gave none. */
  readonly id: string | null;
  /** The model as the provider names it. */
  readonly model: string | null;
  /** Epoch seconds; null where the provider does not say. */
  readonly createdAt: number | null;
  readonly choices: readonly Choice[];
  readonly usage: CanonicalUsage | null;
  /** Members without a canonical place, by their name in `origin`'s dialect. */
  readonly extensions: JsonObject;
}

export interface Choice {
  readonly parts: readonly Part[];
  readonly stop: StopReason;
  /** The sequence that stopped it, or what `other` stands for. */
  readonly stopDetail: string | null;
  /** OpenAI's `logprobs.content`, Gemini's `logprobsResult`, as the origin writes them. */
  readonly logprobs: JsonValue | null;
}

/**
 * Tokens, each counted once: `input` is everything read (cached and cache-written included), `output` everything written (reasoning
 * included). Dialects differ: Anthropic's `input_tokens` leaves cached ones out, Gemini's `candidatesTokenCount` leaves thoughts out.
 */
export interface CanonicalUsage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cachedTokens: number;
  readonly cacheWriteTokens: number;
  /** Those of `cacheWriteTokens` that are kept for an hour instead of minutes; Anthropic's price differs. Nothing said is 0. */
  readonly cacheWriteHourTokens?: number;
  readonly reasoningTokens: number;
  readonly audioInputTokens: number;
  readonly audioOutputTokens: number;
}

export const NO_USAGE: CanonicalUsage = Object.freeze({
  inputTokens: 0,
  outputTokens: 0,
  cachedTokens: 0,
  cacheWriteTokens: 0,
  reasoningTokens: 0,
  audioInputTokens: 0,
  audioOutputTokens: 0,
});
