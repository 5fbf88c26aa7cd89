/**
 * One limit's state, whatever way it refills. Instants are epoch milliseconds from a clock that does not run backwards; the functions
 * read no clock themselves. State is plain and mutable; asking and taking cost well below a microsecond.
 */
import { calendarEnd } from './calendar.ts';
import type { CalendarUnit } from './calendar.ts';
import {
  countInWindow,
  emptyWindow,
  everyWhole,
  msUntilWindowFits,
  roomInWindow,
} from './clock-window.ts';
import type { ClockWindow } from './clock-window.ts';
import {
  countInSliding,
  emptySlidingWindow,
  msUntilSlidingEmpty,
  msUntilSlidingFits,
  roomInSliding,
} from './sliding-window.ts';
import type { SlidingWindow } from './sliding-window.ts';
import { drawFrom, fullBucket, levelAt, msUntilLevel } from './token-bucket.ts';
import type { TokenBucket } from './token-bucket.ts';

/** How a limit comes back. */
export type Refill =
  | { readonly kind: 'continuous' | 'fixed' | 'sliding'; readonly windowMs: number }
  | { readonly kind: 'calendar'; readonly unit: CalendarUnit; readonly timeZone: string };

export type Meter = TokenBucket | ClockWindow | SlidingWindow;

/** Nothing used yet. Throws a RangeError for a time zone that does not exist. */
export function newMeter(limit: number, refill: Refill, at: number): Meter {
  switch (refill.kind) {
    case 'continuous':
      return fullBucket(limit, refill.windowMs, at);
    case 'fixed':
      return emptyWindow(limit, everyWhole(refill.windowMs), at);
    case 'sliding':
      return emptySlidingWindow(limit, refill.windowMs);
    default:
      return emptyWindow(limit, (now) => calendarEnd(now, refill.unit, refill.timeZone), at);
  }
}

/** What is left; below zero when more was charged afterwards than was there. */
export function roomOf(meter: Meter, at: number): number {
  if (meter.kind === 'continuous') return levelAt(meter, at);
  return meter.kind === 'window' ? roomInWindow(meter, at) : roomInSliding(meter, at);
}

/** Milliseconds until `amount` fits, when nothing more is taken; Infinity when it is larger than the limit. */
export function msUntilRoom(meter: Meter, amount: number, at: number): number {
  if (meter.kind === 'continuous') return msUntilLevel(meter, amount, at);
  return meter.kind === 'window'
    ? msUntilWindowFits(meter, amount, at)
    : msUntilSlidingFits(meter, amount, at);
}

/** Takes `amount`, whether or not it is there. */
export function takeFrom(meter: Meter, amount: number, at: number): void {
  if (meter.kind === 'continuous') drawFrom(meter, amount, at);
  else if (meter.kind === 'window') countInWindow(meter, amount, at);
  else countInSliding(meter, amount, at);
}

/** Milliseconds until everything is back, when nothing more is taken; for windows on the clock, until the window ends. */
export function msUntilReset(meter: Meter, at: number): number {
  if (meter.kind === 'continuous') return msUntilLevel(meter, meter.limit, at);
  if (meter.kind === 'sliding') return msUntilSlidingEmpty(meter, at);
  roomInWindow(meter, at);
  return Math.max(0, meter.endsAt - at);
}
