import type { ErrorCode } from '../errors/catalogue.ts';
import type { VerdictClass, Verdict } from './verdict.ts';

/** Retries other than typed refusals that one request may make, whatever their causes. */
export const MAX_OTHER_RETRIES = 2;
/** An end to every rotation, far above what any sane pool needs. */
export const MAX_ATTEMPTS = 32;

const BACKOFF_BASE_MS = 200;
const BACKOFF_CAP_MS = 5000;

/** What one request has used up so far. The dispatcher owns it and counts; the decision only reads. */
export interface DispatchHistory {
  attempts: number;
  /** Retries after overload and transient failures. */
  otherRetries: number;
  transientRetries: number;
  ambiguousRetries: number;
  unknownRetries: number;
  /** Attempts after something had been put right. */
  correctedRetries: number;
}

export const freshHistory = (): DispatchHistory => ({
  attempts: 0,
  otherRetries: 0,
  transientRetries: 0,
  ambiguousRetries: 0,
  unknownRetries: 0,
  correctedRetries: 0,
});

/** Counts a retry that was decided on. */
export function countStep(history: DispatchHistory, { counts }: Again): void {
  if (counts === 'none') return;
  if (counts === 'corrected') {
    history.correctedRetries += 1;
    return;
  }
  history.otherRetries += 1;
  if (counts === 'transient') history.transientRetries += 1;
  if (counts === 'ambiguous') history.ambiguousRetries += 1;
  if (counts === 'unknown') history.unknownRetries += 1;
}

/** Which candidates the next attempt may not or should rather not use. */
export type Bar =
  /** Never this key again in this request. */
  | 'key'
  /** Nothing in this key's quota domain: rotating inside an exhausted domain is no rotation. */
  | 'domain'
  /** Prefer another endpoint, or at least another key; the same again is better than nothing. */
  | 'endpoint_softly'
  | 'nothing';

export interface Again {
  readonly kind: 'again';
  readonly bar: Bar;
  /** Which counter of the history this step uses. */
  readonly counts: 'none' | 'transient' | 'overload' | 'ambiguous' | 'unknown' | 'corrected';
  /** Whether the pool's retry budget has to allow it. */
  readonly budgeted: boolean;
  /** Least delay before the same endpoint is used again; another endpoint needs none. */
  readonly delayMs: number;
}

export type NextStep =
  | Again
  /** Show the caller the provider's own explanation. */
  | { readonly kind: 'pass_through' }
  | { readonly kind: 'answer'; readonly code: ErrorCode; readonly retryable: boolean };

/** What was wrong has been put right: the same key may be asked, once. */
const ONCE_MORE: Again = Object.freeze({
  kind: 'again',
  bar: 'nothing',
  counts: 'corrected',
  budgeted: false,
  delayMs: 0,
});

const rotate = (bar: Bar): Again => ({
  kind: 'again',
  bar,
  counts: 'none',
  budgeted: false,
  delayMs: 0,
});

/** Typed refusals: the provider said what is wrong, and another key or domain is the cure. */
const ROTATIONS: Partial<Record<VerdictClass, Bar>> = {
  funds_exhausted: 'domain',
  window_exhausted_long: 'domain',
  window_exhausted_short: 'domain',
  too_large_for_limit: 'domain',
  concurrency: 'domain',
  slow_down: 'domain',
  credential_expired: 'key',
  credential_dead: 'key',
  clock_fault: 'key',
  model_forbidden: 'key',
  region_blocked: 'endpoint_softly',
};

/**
 * What follows from a verdict for this request: another attempt, the provider's own words, or an answer of ours. Pure; the rules are
 * those of docs/exhaustion.md. `random` is uniform in [0, 1).
 */
export function decide(
  verdict: Verdict,
  history: Readonly<DispatchHistory>,
  route: { readonly retryAmbiguous: 'once' | 'never'; readonly status: number },
  random: number,
): NextStep {
  if (verdict.class === 'caller_fault') return { kind: 'pass_through' };
  const last = history.attempts >= MAX_ATTEMPTS;
  const isCorrected = verdict.corrected === true && history.correctedRetries === 0;
  if (isCorrected && !last) return ONCE_MORE;
  const bar = ROTATIONS[verdict.class];
  if (bar !== undefined) return last ? giveUp(verdict.class, route.status) : rotate(bar);
  if (last || history.otherRetries >= MAX_OTHER_RETRIES) return giveUp(verdict.class, route.status);
  return retry(verdict, history, route, random);
}

function retry(
  verdict: Verdict,
  history: Readonly<DispatchHistory>,
  route: { readonly retryAmbiguous: 'once' | 'never'; readonly status: number },
  random: number,
): NextStep {
  const again = (counts: 'transient' | 'overload' | 'ambiguous' | 'unknown'): Again => ({
    kind: 'again',
    bar: 'endpoint_softly',
    counts,
    budgeted: true,
    delayMs: backoffMs(history.otherRetries, random, verdict.endsInMs ?? 0),
  });
  switch (verdict.class) {
    case 'provider_overloaded':
      return again('overload');
    case 'transient':
      return history.transientRetries === 0
        ? again('transient')
        : giveUp('transient', route.status);
    case 'ambiguous_accept':
      return route.retryAmbiguous === 'once' && history.ambiguousRetries === 0
        ? { ...again('ambiguous'), delayMs: 0 }
        : giveUp('ambiguous_accept', route.status);
    case 'unknown': {
      // What is refused without a reason, as by a firewall on the way, is not the caller's either.
      const isRefusal = route.status >= 400 && route.status < 500;
      const worthIt = !isRefusal || verdict.unexplained === true;
      if (worthIt && history.unknownRetries === 0) return again('unknown');
      return worthIt ? giveUp('unknown', route.status) : { kind: 'pass_through' };
    }
    default:
      return giveUp(verdict.class, route.status);
  }
}

/** 200 ms × 2ⁿ with full jitter; what the provider asked for is the floor. */
export function backoffMs(retries: number, random: number, floorMs: number): number {
  const ceiling = Math.min(BACKOFF_CAP_MS, BACKOFF_BASE_MS * 2 ** retries);
  return Math.max(floorMs, Math.round(ceiling * random));
}

/**
 * The answer when an attempt was the last one and its verdict decides. Refusals that time or a top-up ends are answered from the
 * pool's state instead, since another key may be closer to its reset than the one that was tried last.
 */
export function giveUp(of: VerdictClass, status: number): NextStep & { kind: 'answer' } {
  switch (of) {
    case 'too_large_for_limit':
      return { kind: 'answer', code: 'request_exceeds_limits', retryable: false };
    case 'ambiguous_accept':
      return { kind: 'answer', code: 'upstream_timeout', retryable: false };
    case 'provider_overloaded':
    case 'credential_dead':
    case 'credential_expired':
    case 'clock_fault':
    case 'region_blocked':
      return { kind: 'answer', code: 'pool_unavailable', retryable: true };
    case 'model_forbidden':
      return { kind: 'answer', code: 'model_not_found', retryable: false };
    case 'funds_exhausted':
    case 'window_exhausted_long':
    case 'window_exhausted_short':
    case 'concurrency':
    case 'slow_down':
      return { kind: 'answer', code: 'pool_exhausted', retryable: true };
    default:
      return {
        kind: 'answer',
        code: status >= 200 && status < 400 ? 'upstream_invalid' : 'upstream_error',
        retryable: false,
      };
  }
}
