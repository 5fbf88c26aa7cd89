import type { Dimension } from '../keys/verdict.ts';

/** What is known of one limit at one moment: one (quota domain, limit group, dimension). */
export interface LimitSample {
  readonly provider: string;
  /** Display path of the node of the domain tree: `openai/org-1`. */
  readonly path: string;
  readonly group: string;
  readonly dimension: Dimension;
  readonly limit: number | null;
  /** What could still be taken now, refill included. */
  readonly remaining: number | null;
  /** Until the reset the provider named, milliseconds. */
  readonly resetInMs: number | null;
  readonly refill: 'continuous' | 'window' | 'unknown';
  readonly source: 'header' | 'body' | 'config' | 'learned';
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

/**
 * What was taken from a limit between two samples of it, `elapsedMs` apart. Null where they cannot tell. Where a bucket was full in
 * between, or a window ended, a part stays unseen and the answer is the least it can have been.
 */
export function consumedBetween(
  before: LimitSample,
  after: LimitSample,
  elapsedMs: number,
): number | null {
  if (before.remaining === null || after.remaining === null || after.limit === null) return null;
  if (before.limit !== after.limit || after.dimension === 'concurrency') return null;
  const fallen = before.remaining - after.remaining;
  const period = periodOf(after.dimension);
  if (after.refill === 'continuous') {
    if (period === null || after.remaining >= after.limit) return Math.max(0, fallen);
    const refilled = before.remaining + (after.limit / period) * elapsedMs;
    return Math.max(0, Math.min(after.limit, refilled) - after.remaining);
  }
  const ended = before.resetInMs !== null && before.resetInMs <= elapsedMs;
  return ended || fallen < 0 ? Math.max(0, after.limit - after.remaining) : fallen;
}
