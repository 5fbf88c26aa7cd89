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

/** Counts an attempt under the endpoint's lock; true when that opens the breaker, which starts counting afresh. */
export function countForBreaker(
  table: KeyTable,
  candidate: Candidate,
  failed: boolean,
  now: number,
): boolean {
  const window = table.layout.breakers + candidate.breaker * WINDOW_CELLS;
  countInWindow(table, window, BUCKET.all, now);
  if (!failed) return false;
  countInWindow(table, window, BUCKET.some, now);
  return opens(table, candidate, now);
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
  return opens(table, candidate, now);
}

function opens(table: KeyTable, candidate: Candidate, now: number): boolean {
  const window = table.layout.breakers + candidate.breaker * WINDOW_CELLS;
  const suspected = failuresOfMany(table, candidate.breaker, now, WINDOW_S);
  const attempts = allInWindow(table, window, now, WINDOW_S) + suspected;
  if (attempts < LEAST_ATTEMPTS) return false;
  const failures = someInWindow(table, window, now, WINDOW_S) + suspected;
  if (failures < OPENING_SHARE * attempts) return false;
  emptyWindow(table, window);
  emptySuspicions(table, candidate.breaker);
  return true;
}
