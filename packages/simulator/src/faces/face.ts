/**
 * A vendor's errors and headers: what differs between providers that all answer the same call. A dialect decides how requests and good
 * answers look; the face, chosen in the profile, how everything else does.
 */
import type { FaultInput } from '../behaviour/fault-input.ts';
import type { LimitRefusal, LimitRules, ModelLimit } from '../limiter/model-limiter.ts';
import type { ErrorFields, Refusal } from './refusal.ts';

export const FACE_NAMES = [
  'openai',
  'anthropic',
  'gemini',
  'groq',
  'openrouter',
  'azure',
  'bedrock',
] as const;
export type FaceName = (typeof FACE_NAMES)[number];

/** Whose key was used. */
export interface Account {
  readonly organization: string;
  readonly project: string;
  readonly value: string;
}

/** What a refusal may speak of. */
export interface RefusedCall {
  readonly account: Account;
  readonly model: string;
  readonly prompt: string;
  /** Output tokens the caller allows in all; null when it said nothing. */
  readonly allowance: number | null;
  /** 32 hex digits, the same in body and headers. */
  readonly requestId: string;
  /** Epoch milliseconds. */
  readonly at: number;
  /** The same by the provider's own clock, which may be wrong: what bodies tell. */
  readonly clockAt: number;
}

/** What answers are stamped with. */
export interface Stamp {
  /** 32 hex digits. */
  readonly requestId: string;
  /** Since the request's head was there. */
  readonly elapsedMs: number;
}

/** Kinds of refusal that every vendor has words of its own for; but for two they are faults too. */
export type RefusalKind =
  | 'account_deactivated'
  | 'dead_key'
  | 'model_forbidden'
  | 'model_not_found'
  | 'overloaded'
  | 'quota_exhausted'
  | 'region_blocked'
  | 'server_error'
  | 'slow_down'
  | 'usage_limit';

/** The parameters of the fault that makes the refusal; none when the provider refuses by itself. */
export type Refuse = (
  call: RefusedCall,
  given: Pick<FaultInput, 'code' | 'retryAfterMs' | 'until'>,
) => Refusal;

export interface Face {
  readonly name: FaceName;
  /** A header of its own in which this vendor takes keys, beside the bearer; lower case. */
  readonly keyHeader?: string;
  /** How this vendor's limits refill and charge, where the profile says nothing else. */
  readonly rules: LimitRules;
  readonly refusals: Readonly<Record<RefusalKind, Refuse>>;
  /** No key that the provider knows: null when there was none at all. */
  readonly unknownKey: (value: string | null, requestId: string) => Refusal;
  readonly limitReached: (call: RefusedCall, refused: LimitRefusal) => Refusal;
  /** An error of the general kind as this vendor's body. */
  readonly errorBody: (status: number, error: ErrorFields, requestId: string) => string;
  /** An error inside a 200: as the whole body, or as one event of a stream. */
  readonly inBand: (
    code: string | undefined,
    call: RefusedCall,
  ) => { readonly body: string; readonly event: string };
  /** Headers of answers before a key is known; flat name, value. */
  readonly edgeHeaders: (stamp: Stamp) => string[];
  /** Headers of every answer to a key. */
  readonly accountHeaders: (account: Account, stamp: Stamp) => string[];
  /** What the limits are and what is left of them, as far as this vendor tells. */
  readonly limitHeaders: (limits: readonly ModelLimit[], at: number, refused: boolean) => string[];
}
