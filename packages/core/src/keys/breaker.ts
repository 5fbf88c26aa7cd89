import { breakerTerms, type CooldownTerms } from './cooldown-terms.ts';
import type { KeyTable } from './key-table.ts';
import type { Candidate } from './plan.ts';
import { emptySuspicions, failuresOfMany, noteSuspicion } from './suspicion.ts';
import { BUCKET, WINDOW_CELLS } from './table-layout.ts';
import type { Verdict } from './verdict.ts';
import { allInWindow, countInWindow, emptyWindow, someInWindow } from './window-buckets.ts';

/** The breaker of endpoint×group opens at this share of failures among at least so many attempts of the last ten seconds. */
const OPENING_SHARE = 0.5;
const LEAST_ATTEMPTS = 20;
const WINDOW_S = 10;
/**
 * An endpoint that was not even reached is told from a request that it failed at: nothing of the request was sent. So fewer attempts in
 * less time are enough, and each that is spared is a round trip that some call does not lose (docs/decisions/0017).
 */
const LEAST_UNREACHED = 4;
const UNREACHED_WINDOW_S = 2;

/**
 * What the endpoint's cooldown would be, should this verdict open the breaker; null where it is neutral. Rate limits and what the
 * caller did always are. Transient and ambiguous failures count only where the verdict says so, since it takes another target's success
 * to know whose fault they were.
 */
export function breakerTermsOf(verdict: Verdict): CooldownTerms | null {
  const { class: of, counts } = verdict;
  const bad =
    of === 'provider_overloaded'
      ? counts !== false
      : (of === 'transient' || of === 'ambiguous_accept') && counts === true;
  return bad ? breakerTerms(verdict) : null;
}

/** How an attempt went for the breaker. */
export type BreakerCount = 'well' | 'failed' | 'unreached';

/** Counts an attempt under the endpoint's lock; true when that opens the breaker, which starts counting afresh. */
export function countForBreaker(
  table: KeyTable,
  candidate: Candidate,
  how: BreakerCount,
  now: number,
): boolean {
  const window = table.layout.breakers + candidate.breaker * WINDOW_CELLS;
  countInWindow(table, window, BUCKET.all, now);
  if (how === 'well') return false;
  countInWindow(table, window, BUCKET.some, now);
  return opens(table, candidate, how, now);
}

/**
 * Notes a failure of which nobody knows whose fault it was, under the endpoint's lock; true when so many consumers have met such
 * failures that the breaker opens.
 */
export function suspectForBreaker(
  table: KeyTable,
  candidate: Candidate,
  consumer: number,
  now: number,
): boolean {
  noteSuspicion(table, candidate.breaker, consumer, now);
  return opens(table, candidate, 'failed', now);
}

function opens(table: KeyTable, candidate: Candidate, how: BreakerCount, now: number): boolean {
  const window = table.layout.breakers + candidate.breaker * WINDOW_CELLS;
  const suspected = failuresOfMany(table, candidate.breaker, now, WINDOW_S);
  const attempts = allInWindow(table, window, now, WINDOW_S) + suspected;
  const failures = someInWindow(table, window, now, WINDOW_S) + suspected;
  const fails = attempts >= LEAST_ATTEMPTS && failures >= OPENING_SHARE * attempts;
  if (!fails && !(how === 'unreached' && isOutOfReach(table, window, now))) return false;
  emptyWindow(table, window);
  emptySuspicions(table, candidate.breaker);
  return true;
}

function isOutOfReach(table: KeyTable, window: number, now: number): boolean {
  const attempts = allInWindow(table, window, now, UNREACHED_WINDOW_S);
  const failures = someInWindow(table, window, now, UNREACHED_WINDOW_S);
  return attempts >= LEAST_UNREACHED && failures >= OPENING_SHARE * attempts;
}
