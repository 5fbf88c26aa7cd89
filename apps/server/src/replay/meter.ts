import type { Dimension } from '@keywell/core/keys/verdict';
import { periodOf } from '@keywell/core/forecast/limit-sample';
import { fullBucket, levelAt, type TokenBucket } from '@keywell/simulator/limiter/token-bucket';

/** A limit that comes back whole at an instant of the clock. */
interface Window {
  readonly kind: 'window';
  readonly limit: number;
  readonly endOf: (at: number) => number;
  used: number;
  endsAt: number;
}

/** What a provider counts with: the simulator's bucket, or a window on the clock. Instants are epoch milliseconds. */
export type Meter = { readonly kind: 'bucket'; readonly bucket: TokenBucket } | Window;

/** Nothing used yet. A limit of which it is not known how it comes back is taken for a window, the stricter of the two. */
export function newMeter(
  limit: number,
  of: { readonly dimension: Dimension; readonly refill: 'continuous' | 'window' | 'unknown' },
  at: number,
): Meter {
  const period = periodOf(of.dimension);
  if (of.refill === 'continuous' && period !== null) {
    return { kind: 'bucket', bucket: fullBucket(limit, period, at) };
  }
  const endOf = endOfWindow(of.dimension);
  return { kind: 'window', limit, endOf, used: 0, endsAt: endOf(at) };
}

/** What is left; below zero when more was charged afterwards than was there. */
export function roomOf(meter: Meter, at: number): number {
  if (meter.kind === 'bucket') return levelAt(meter.bucket, at);
  turn(meter, at);
  return meter.limit - meter.used;
}

/** Milliseconds until `amount` fits, when nothing more is taken; Infinity when it never will. */
export function msUntilRoom(meter: Meter, amount: number, at: number): number {
  const missing = amount - roomOf(meter, at);
  if (meter.kind === 'bucket') {
    const { limit, windowMs } = meter.bucket;
    if (amount > limit) return Infinity;
    return missing <= 0 ? 0 : (missing * windowMs) / limit;
  }
  if (amount > meter.limit) return Infinity;
  return missing <= 0 ? 0 : meter.endsAt - at;
}

/** Milliseconds until everything is back, or the window ends. */
export function msUntilReset(meter: Meter, at: number): number {
  if (meter.kind === 'bucket') return msUntilRoom(meter, meter.bucket.limit, at);
  turn(meter, at);
  return Math.max(0, meter.endsAt - at);
}

/** Takes `amount`, whether or not it is there. */
export function takeFrom(meter: Meter, amount: number, at: number): void {
  if (meter.kind === 'bucket') {
    const { bucket } = meter;
    bucket.level = levelAt(bucket, at) - amount;
    bucket.at = Math.max(bucket.at, at);
    return;
  }
  turn(meter, at);
  meter.used += amount;
}

export const limitOf = (meter: Meter): number =>
  meter.kind === 'bucket' ? meter.bucket.limit : meter.limit;

function turn(window: Window, at: number): void {
  if (at < window.endsAt) return;
  window.used = 0;
  window.endsAt = window.endOf(at);
}

/** Days and months are the calendar's in UTC; what has no period never comes back. */
function endOfWindow(dimension: Dimension): (at: number) => number {
  if (dimension.endsWith('_month')) {
    return (at) => {
      const day = new Date(at);
      return Date.UTC(day.getUTCFullYear(), day.getUTCMonth() + 1, 1);
    };
  }
  const period = periodOf(dimension);
  return period === null ? () => Infinity : (at) => (Math.floor(at / period) + 1) * period;
}
