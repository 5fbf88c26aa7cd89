/**
 * A window that ends now and began `windowMs` ago, with every amount remembered: never more than the limit in any span of that length.
 * State is mutable, time is passed in.
 */
export interface SlidingWindow {
  readonly kind: 'sliding';
  readonly limit: number;
  readonly windowMs: number;
  used: number;
  /** When what was counted, oldest first; from `oldest` on. */
  readonly times: number[];
  readonly amounts: number[];
  oldest: number;
}

/** Forgotten entries are cut off when there are more of them than of the rest, and at least so many. */
const CUT_FROM = 64;

export function emptySlidingWindow(limit: number, windowMs: number): SlidingWindow {
  return { kind: 'sliding', limit, windowMs, used: 0, times: [], amounts: [], oldest: 0 };
}

const leavesAt = (window: SlidingWindow, index: number): number =>
  (window.times[index] ?? Infinity) + window.windowMs;

function forget(window: SlidingWindow, at: number): void {
  const { times, amounts } = window;
  while (window.oldest < times.length && leavesAt(window, window.oldest) <= at) {
    window.used -= amounts[window.oldest] ?? 0;
    window.oldest++;
  }
  if (window.oldest >= CUT_FROM && window.oldest * 2 >= times.length) {
    times.splice(0, window.oldest);
    amounts.splice(0, window.oldest);
    window.oldest = 0;
  }
}

export function roomInSliding(window: SlidingWindow, at: number): number {
  forget(window, at);
  return window.limit - window.used;
}

/** Milliseconds until `amount` fits, when nothing more comes; Infinity when it never will. */
export function msUntilSlidingFits(window: SlidingWindow, amount: number, at: number): number {
  if (amount > window.limit) return Infinity;
  let missing = amount - roomInSliding(window, at);
  let index = window.oldest;
  let waitMs = 0;
  while (missing > 0) {
    missing -= window.amounts[index] ?? 0;
    waitMs = leavesAt(window, index) - at;
    index++;
  }
  return waitMs;
}

/** Milliseconds until everything counted so far has left. */
export function msUntilSlidingEmpty(window: SlidingWindow, at: number): number {
  forget(window, at);
  const last = window.times.length - 1;
  return last < window.oldest ? 0 : leavesAt(window, last) - at;
}

/** Counts `amount`, whether or not it fits. A clock that runs backwards counts at the last instant it knew. */
export function countInSliding(window: SlidingWindow, amount: number, at: number): void {
  if (amount === 0) return;
  forget(window, at);
  const { times, amounts } = window;
  const last = times.length - 1;
  const newest = last < window.oldest ? -Infinity : (times[last] ?? -Infinity);
  window.used += amount;
  if (at <= newest) {
    amounts[last] = (amounts[last] ?? 0) + amount;
  } else {
    times.push(at);
    amounts.push(amount);
  }
}
