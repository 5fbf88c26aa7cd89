import type { EndsFrom } from '@keywell/core/keys/failure-record';
import type { LimitObservation } from '@keywell/core/keys/limit-observation';
import type { Outcome } from '@keywell/core/keys/outcome';
import type { Dimension } from '@keywell/core/keys/verdict';
import { nextMidnight, nextMonth } from '@keywell/core/time/calendar';
import { MINUTE_MS } from '@keywell/core/time/duration';
import { parseRegainAccess, parseWaitPhrase } from '@keywell/core/time/phrases';
import { parseReset } from '@keywell/core/time/reset';
import { clampWait, responseNow, retryAfterHints } from '@keywell/core/time/retry-after';
import type { ErrorBody } from './error-body.ts';
import type { RuleVerdict } from './failure-rule.ts';

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
  /** How much of the dimension was asked for, where the response says; null where it does not. */
  readonly requested: number | null;
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
export function readEnds(rule: RuleVerdict, input: EndsInput): Ends {
  if (rule.ends === 'none') return UNKNOWN_END;
  const calendar = readCalendar(rule.ends, input);
  if (calendar !== null) return calendar;
  const hints = rule.ends === 'header_wait' ? readHeaders(input) : readHints(rule, input);
  const implausible = hints.some((hint) => hint.implausible);
  const longest = longestOf(hints.filter((hint) => !hint.implausible && hint.ms > 0));
  if (rule.ends === 'far_wait') {
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
  const reset = rule.ends === 'wait' ? readResets(input) : null;
  if (reset === null) return { ...UNKNOWN_END, implausible };
  return { ...reset, implausible: implausible || reset.implausible };
}

/** A window of the calendar ends at its instant, whatever wait the response names beside it. */
function readCalendar(from: EndsFrom, { outcome }: EndsInput): Ends | null {
  const now = responseNow(outcome.header, outcome.wallNow);
  const end = calendarEnd(from, now);
  return end === null ? null : { ms: end - now, authoritative: true, implausible: false, from };
}

function calendarEnd(from: EndsFrom, now: number): number | null {
  switch (from) {
    case 'pacific_midnight':
      return nextMidnight(now, 'America/Los_Angeles');
    case 'utc_midnight':
      return nextMidnight(now, 'UTC');
    case 'utc_month':
      return nextMonth(now, 'UTC');
    default:
      return null;
  }
}

function readHeaders({ outcome }: EndsInput): readonly Hint[] {
  return retryAfterHints(outcome.header, outcome.wallNow);
}

function readHints(rule: RuleVerdict, input: EndsInput): readonly Hint[] {
  const { outcome, error } = input;
  const hints: Hint[] = [...readHeaders(input)];
  const phrase = parseWaitPhrase(error.message);
  if (phrase !== null) hints.push({ ...clampWait(phrase), from: 'message' });
  if (error.retryDelayMs !== null) {
    hints.push({ ...clampWait(error.retryDelayMs), from: 'body.details.retryDelay' });
  }
  const now = responseNow(outcome.header, outcome.wallNow);
  const regain = parseRegainAccess(error.message);
  if (regain !== null) hints.push({ ...clampWait(regain - now), from: 'message' });
  for (const name of rule.endsHeaders ?? []) {
    const ms = parseReset(outcome.header(name), now);
    if (ms !== null) hints.push({ ...clampWait(ms), from: name });
  }
  for (const path of rule.endsFields ?? []) {
    const ms = parseReset(error.at(path)[0], now);
    if (ms !== null) hints.push({ ...clampWait(ms), from: `body.${lastStep(path)}` });
  }
  return hints;
}

const lastStep = (path: string): string => path.slice(path.lastIndexOf('.') + 1);

/**
 * The latest end among the limits with nothing left, the one that the refusal named, and those whose reset speaks of this request.
 * Only the end of a window and a wait for this request are prohibitions; "full again" is an estimate, which a success may correct.
 */
function readResets(input: EndsInput): Ends | null {
  let latest: Ends | null = null;
  for (const limit of input.limits) {
    if (!isMeant(limit, input)) continue;
    const clamped = clampWait(untilFits(limit, input.requested));
    if (clamped.implausible || clamped.ms <= 0) continue;
    if (latest !== null && latest.ms !== null && latest.ms >= clamped.ms) continue;
    const authoritative = limit.reset === 'window_end' || limit.reset === 'this_request';
    latest = { ...clamped, authoritative, from: 'x-ratelimit-reset' };
  }
  return latest;
}

function isMeant(limit: LimitObservation, { dimension }: EndsInput): boolean {
  if (limit.resetInMs === null) return false;
  if (limit.remaining === 0 || limit.reset === 'this_request') return true;
  // a refusal that names nothing does not mean the limit that has no name
  return dimension !== 'unknown' && limit.dimension === dimension;
}

/** Until what was asked for fits: less than until full again, where the limit refills all the time and the numbers are known. */
function untilFits(limit: LimitObservation, requested: number | null): number | null {
  const { remaining, resetInMs } = limit;
  if (limit.reset !== 'full_again' || limit.refill !== 'continuous') return resetInMs;
  const need = limit.dimension.startsWith('requests_') ? 1 : requested;
  if (limit.limit === null || remaining === null || resetInMs === null || need === null) {
    return resetInMs;
  }
  const missing = limit.limit - remaining;
  if (!(missing > 0) || need <= remaining) return resetInMs;
  return Math.min(resetInMs, ((need - remaining) / missing) * resetInMs);
}

function longestOf(hints: readonly Hint[]): Hint | null {
  let longest: Hint | null = null;
  for (const hint of hints) {
    if (longest === null || hint.ms > longest.ms) longest = hint;
  }
  return longest;
}
