import { calendarEnd } from '../limiter/calendar.ts';

/** When a usage limit ends: the date given, else the first of the next month, 00:00 UTC. Epoch milliseconds. */
export const usageLimitEnds = (until: string | undefined, at: number): number =>
  until === undefined ? calendarEnd(at, 'month', 'UTC') : Date.parse(until);

/** `2026-12-01`. */
export const dateOf = (at: number): string => new Date(at).toISOString().slice(0, 10);
