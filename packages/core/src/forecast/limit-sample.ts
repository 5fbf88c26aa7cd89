import type { Dimension } from '../keys/verdict.ts';

/** What is known of one limit: one (quota domain, limit group, dimension). */
export interface LimitFacts {
  readonly provider: string;
  /** Display path of the node of the domain tree: `openai/org-1`. */
  readonly path: string;
  readonly group: string;
  readonly dimension: Dimension;
  readonly limit: number | null;
  /** What could still be taken then, refill included. */
  readonly remaining: number | null;
  /** Until the reset the provider named, milliseconds. */
  readonly resetInMs: number | null;
  readonly refill: 'continuous' | 'window' | 'unknown';
  readonly source: 'header' | 'body' | 'config' | 'learned';
}

/** One limit at one moment, as the engine sees it. */
export interface LimitSample extends LimitFacts {
  /** What open attempts may still be charged; not part of `remaining`. */
  readonly reserved: number;
  /** All that this node was ever charged; null where it is not counted. Starts anew with a new table. */
  readonly used: number | null;
  /** What comes back in a millisecond; 0 where nothing does. */
  readonly rate: number;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** The span a dimension counts over, milliseconds; a month has 30 days. Null where it has none (concurrency, an account's money). */
export function periodOf(dimension: Dimension): number | null {
  switch (dimension.split('_').at(-1)) {
    case 'second':
      return SECOND;
    case 'minute':
      return MINUTE;
    case 'hour':
      return HOUR;
    case 'day':
      return DAY;
    case 'month':
      return 30 * DAY;
    default:
      return null;
  }
}

/** What was taken from a limit between two samples of it. */
export interface Consumed {
  /** By what this node was charged; null where it cannot be told. */
  readonly own: number | null;
  /**
   * By what became of the limit, use from outside included; below 0 where estimates were corrected. Null where it cannot be told. Where
   * a bucket was full in between, or a window ended, a part stays unseen.
   */
  readonly seen: number | null;
}

/** What was taken between two samples, `elapsedMs` apart. */
export function consumedBetween(
  before: LimitSample,
  after: LimitSample,
  elapsedMs: number,
): Consumed {
  if (after.dimension === 'concurrency') return { own: null, seen: null };
  const known = before.used !== null && after.used !== null && after.used >= before.used;
  const own = known ? (after.used ?? 0) - (before.used ?? 0) : null;
  return { own, seen: seenBetween(before, after, elapsedMs) };
}

function seenBetween(before: LimitSample, after: LimitSample, elapsedMs: number): number | null {
  if (before.remaining === null || after.remaining === null || after.limit === null) return null;
  if (before.limit !== after.limit) return null;
  // What open attempts hold is not consumed yet.
  const was = before.remaining + before.reserved;
  const left = after.remaining + after.reserved;
  if (after.refill === 'continuous') {
    if (left >= after.limit) return was - left;
    return Math.min(after.limit, was + after.rate * elapsedMs) - left;
  }
  const ended = before.resetInMs !== null && before.resetInMs <= elapsedMs;
  return ended || left - was > after.limit / 2 ? Math.max(0, after.limit - left) : was - left;
}
