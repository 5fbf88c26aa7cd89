import type { LIMIT_DIMENSIONS } from './limit-dimensions.ts';

/** Every class, in the order in which tables and metrics number them: append only. */
export const VERDICT_CLASSES = [
  'success',
  'funds_exhausted',
  'window_exhausted_long',
  'too_large_for_limit',
  'window_exhausted_short',
  'concurrency',
  'slow_down',
  'credential_expired',
  'credential_dead',
  'clock_fault',
  'region_blocked',
  'model_forbidden',
  'provider_overloaded',
  'transient',
  'ambiguous_accept',
  'caller_fault',
  'unknown',
] as const;

/** What the classifier can make of one outcome; the table in docs/exhaustion.md says what follows from each. */
export type VerdictClass = (typeof VERDICT_CLASSES)[number];

/**
 * What a cooldown binds. `node` is a quota domain, `group` a limit group (the requests that share a limit there); `organization` and
 * `project` name an inner node of the domain tree, where a provider's refusal says so.
 */
export type CooldownScope =
  | 'none'
  | 'key'
  | 'key_group'
  | 'node'
  | 'node_group'
  | 'endpoint'
  | 'endpoint_group'
  | 'egress';

/** What a limit counts. */
export type Dimension = (typeof LIMIT_DIMENSIONS)[number] | 'spend' | 'unknown';

/**
 * The classifier's judgement of one attempt. Data, never text that came from a caller: `evidence` is built from the provider's
 * structured fields (`body.code=insufficient_quota`), `reason` is a short phrase of ours.
 */
export interface Verdict {
  readonly class: VerdictClass;
  readonly scope: CooldownScope;
  readonly dimension: Dimension;
  /** How long the cooldown lasts from `now`, milliseconds; absent where the class's own default applies. */
  readonly endsInMs?: number;
  /** True when the provider named the instant (Retry-After, "try again in", a date), false when it is our guess. */
  readonly authoritative: boolean;
  /** The amount of the dimension that was refused; smaller needs may still fit. Absent: any need. */
  readonly refusedNeed?: number;
  /** The limit itself, where the body named it. */
  readonly limit?: number;
  /** How much of the limit was used when this was refused, where the body named it: `limit − used` was still left. */
  readonly used?: number;
  /**
   * `never` where no request may be sent with this credential to see whether it works again: it was reported as leaked, and using it
   * is what its thief would do. Absent: half-open as the class does it.
   */
  readonly probe?: 'never';
  /**
   * Which node of the domain path scope `node` means: `organization` the first, `project` the last. Absent: the key's own node, the
   * last as well.
   */
  readonly level?: 'organization' | 'project';
  /** Whether the provider named an instant that was past, too far or not a number and had to be clamped. */
  readonly implausible?: boolean;
  /**
   * Whether a transient or ambiguous failure counts for the endpoint's breaker: only once another target has served the same request,
   * or several consumers met it, or where nothing of the request was sent. Absent: overload counts, these do not.
   */
  readonly counts?: boolean;
  /** Whether there was no connection at all: nothing of the request was sent, so that it cannot have been its fault. */
  readonly unreached?: boolean;
  /** Whether what was refused has been put right, so that the same key is asked again: signatures are dated by another clock. */
  readonly corrected?: boolean;
  /** Whether a refusal has no reason in it that a caller could be shown: a page of a proxy or a firewall, or nothing at all. */
  readonly unexplained?: boolean;
  /** What of the caller's request another model or organization might take; absent where none would. */
  readonly fault?: RequestFault;
  readonly evidence: string;
}

/** The request is longer than the model's context; or what it asks, or its answer, is not allowed there. */
export const REQUEST_FAULTS = ['context_length', 'content_filter'] as const;
/** `foreign_proof`: thoughts in it were sealed for another organization, which alone can open them. */
export type RequestFault = (typeof REQUEST_FAULTS)[number] | 'foreign_proof';

/** The verdict of an attempt that was answered well. */
export const SUCCESS: Verdict = Object.freeze({
  class: 'success',
  scope: 'none',
  dimension: 'unknown',
  authoritative: false,
  evidence: '',
});

/** The verdict of an attempt that nobody may be judged by: the caller left, or it was never sent. */
export const UNJUDGED: Verdict = Object.freeze({ ...SUCCESS, class: 'caller_fault' });
