import type { LimitObservation } from '@keywell/core/keys/limit-observation';
import type { Outcome } from '@keywell/core/keys/outcome';
import type { Dimension } from '@keywell/core/keys/verdict';
import { MINUTE_MS } from '@keywell/core/time/duration';
import { parseRegainAccess, parseWaitPhrase } from '@keywell/core/time/phrases';
import { clampWait, responseNow, retryAfterHints } from '@keywell/core/time/retry-after';
import type { ErrorBody } from './error-body.ts';
import type { EndsFrom } from './failure-rule.ts';

/** When a refusal ends, as far as the response says. */
export interface Ends {
  /** Null where the class's own default applies. */
  readonly ms: number | null;
  readonly authoritative: boolean;
  readonly implausible: boolean;
  /** What said so, for the evidence; empty when nothing did. */
  readonly from: string;
}

/** What the response is known to say by now. */
export interface EndsInput {
  readonly outcome: Outcome;
  readonly error: ErrorBody;
  readonly limits: readonly LimitObservation[];
  readonly dimension: Dimension;
}

interface Hint {
  readonly ms: number;
  readonly implausible: boolean;
  readonly from: string;
}

const UNKNOWN_END: Ends = { ms: null, authoritative: false, implausible: false, from: '' };

/** First step of the funds cooldown: a shorter wait than that cannot bring money. */
const FUNDS_FIRST_STEP_MS = 5 * MINUTE_MS;

/** Reads the end of a refusal from the response, as the rule wants it read. */
export function readEnds(rule: EndsFrom, input: EndsInput): Ends {
  if (rule === 'none') return UNKNOWN_END;
  const hints = rule === 'header_wait' ? readHeaders(input) : readHints(input);
  const implausible = hints.some((hint) => hint.implausible);
  const longest = longestOf(hints.filter((hint) => !hint.implausible && hint.ms > 0));
  if (rule === 'far_wait') {
    // An account without money often answers from behind the same rate limiter as everybody else, whose Retry-After of some seconds
    // is about requests, not about money: obeying it would send a call to a dry account every few seconds. Its own first step is
    // longer, so nothing is sent earlier than asked for. A date far away is the day on which the budget renews.
    return longest !== null && longest.ms > FUNDS_FIRST_STEP_MS
      ? { ms: longest.ms, authoritative: true, implausible, from: longest.from }
      : { ...UNKNOWN_END, implausible };
  }
  if (longest !== null) {
    return { ms: longest.ms, authoritative: true, implausible, from: longest.from };
  }
  const reset = rule === 'wait' ? resetOfExhausted(input) : null;
  if (reset === null) return { ...UNKNOWN_END, implausible };
  // a reset says when the limit is full again, not that nothing fits before: an estimate, which a success may correct
  return {
    ms: reset.ms,
    authoritative: false,
    implausible: implausible || reset.implausible,
    from: reset.from,
  };
}

function readHeaders({ outcome }: EndsInput): readonly Hint[] {
  return retryAfterHints(outcome.header, outcome.wallNow);
}

function readHints(input: EndsInput): readonly Hint[] {
  const { outcome, error } = input;
  const hints: Hint[] = [...readHeaders(input)];
  const phrase = parseWaitPhrase(error.message);
  if (phrase !== null) hints.push({ ...clampWait(phrase), from: 'message' });
  if (error.retryDelayMs !== null) {
    hints.push({ ...clampWait(error.retryDelayMs), from: 'body.details.retryDelay' });
  }
  const regain = parseRegainAccess(error.message);
  if (regain !== null) {
    hints.push({
      ...clampWait(regain - responseNow(outcome.header, outcome.wallNow)),
      from: 'message',
    });
  }
  return hints;
}

/** The latest reset of what has nothing left, or of the dimension that the refusal named. */
function resetOfExhausted({ limits, dimension }: EndsInput): Hint | null {
  const hints: Hint[] = [];
  for (const limit of limits) {
    if (limit.resetInMs === null) continue;
    if (limit.remaining !== 0 && limit.dimension !== dimension) continue;
    const clamped = clampWait(limit.resetInMs);
    if (!clamped.implausible && clamped.ms > 0)
      hints.push({ ...clamped, from: 'x-ratelimit-reset' });
  }
  return longestOf(hints);
}

function longestOf(hints: readonly Hint[]): Hint | null {
  let longest: Hint | null = null;
  for (const hint of hints) {
    if (longest === null || hint.ms > longest.ms) longest = hint;
  }
  return longest;
}
