import type { Unfit } from '../keys/unfit.ts';
import type { CooldownScope, VerdictClass } from '../keys/verdict.ts';

/** One line of the request log: exactly one per request whatever happened to it. Plain data; record-line.ts says how it travels. */
export interface RequestRecord {
  readonly id: string;
  /** Wall clock, epoch milliseconds, when the request's head had arrived. */
  readonly startedAt: number;
  readonly durationMs: number;
  /** From the request's head to the first response byte sent to the caller; null when there was none. */
  readonly firstByteMs: number | null;
  readonly method: string;
  readonly path: string;
  /** `chat.completions`, `completions`, `embeddings`, `models.list`, `models.get`, or `unknown`. */
  readonly operation: string;
  readonly dialect: string;
  /** Status the caller saw; 499 when the caller left first. */
  readonly status: number;
  /** Code from the error catalogue, null on success. */
  readonly errorCode: string | null;
  readonly aborted: boolean;
  /** Whether the answer came, or was asked for, as a stream of events. */
  readonly streamed: boolean;
  readonly consumer: string | null;
  /** The model as the caller named it (bounded to 128 characters). */
  readonly model: string | null;
  readonly pool: string | null;
  readonly provider: string | null;
  readonly upstreamModel: string | null;
  /** Alias of the upstream key that served. */
  readonly key: string | null;
  readonly attempts: number;
  readonly waitMs: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
  readonly usage: TokenUsage | null;
  /** What all its attempts cost together, USD micros; null where the price of one is not known. */
  readonly costMicros: number | null;
  /** Whether a part of that rests on estimated usage. */
  readonly costEstimated: boolean;
  readonly timeline: readonly TimelineEvent[];
}

/** What was counted of a call. Made by `tokenUsage`, so that all have one shape. */
export interface TokenUsage {
  /** All input: cached, written to the cache, audio and images too. */
  readonly inputTokens: number;
  /** All output: reasoning, audio and images too. */
  readonly outputTokens: number;
  /** Input that the provider's prompt cache served. */
  readonly cachedTokens: number;
  /** Input that was written into the provider's prompt cache. */
  readonly cacheWriteTokens: number;
  /** The part of that which was written for an hour. */
  readonly cacheWriteHourTokens: number;
  readonly reasoningTokens: number;
  readonly audioInputTokens: number;
  readonly audioOutputTokens: number;
  readonly imageInputTokens: number;
  readonly imageOutputTokens: number;
  /** True when the provider did not report it and it was derived from sizes. */
  readonly estimated: boolean;
}

/** Why a candidate was passed over. */
export interface Exclusion {
  readonly provider: string;
  readonly key: string;
  readonly why: VerdictClass | 'tried' | 'domain_tried' | 'model_not_allowed' | 'busy' | Unfit;
  readonly scope: CooldownScope;
  /** Until it becomes eligible again, milliseconds; null when no time is known. */
  readonly endsInMs: number | null;
}

/** What happened to a request, in order; `at` is milliseconds since the request's head. */
export type TimelineEvent =
  | {
      readonly at: number;
      readonly kind: 'candidates';
      readonly tier: number;
      readonly eligible: number;
      readonly excluded: readonly Exclusion[];
    }
  | {
      readonly at: number;
      readonly kind: 'attempt';
      readonly attempt: number;
      readonly tier: number;
      readonly provider: string;
      readonly model: string;
      readonly key: string;
      readonly domain: string;
      readonly why: 'first' | 'rotation' | 'fallback' | 'retry' | 'hedge' | 'continuation';
    }
  | {
      readonly at: number;
      readonly kind: 'verdict';
      readonly attempt: number;
      readonly class: VerdictClass;
      readonly scope: CooldownScope;
      /** HTTP status of the provider, 0 when there was no response. */
      readonly status: number;
      readonly evidence: string;
      readonly endsInMs: number | null;
      readonly authoritative: boolean;
      readonly usage: TokenUsage | null;
      /** USD micros; 0 where nothing was charged, null where the price is not known. */
      readonly costMicros: number | null;
      readonly costEstimated: boolean;
    }
  | {
      readonly at: number;
      readonly kind: 'note';
      /** What happened beside the attempts. */
      readonly what:
        | 'idempotent_replay'
        | 'hedge'
        | 'continuation'
        | 'possible_double_charge'
        | 'dropped'
        | 'defect';
      readonly detail: string;
    }
  | { readonly at: number; readonly kind: 'wait'; readonly waitMs: number; readonly why: string }
  | { readonly at: number; readonly kind: 'end'; readonly status: number; readonly why: string };
