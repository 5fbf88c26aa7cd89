import { describe, expect, it } from 'vitest';
import { ForecastTracker } from './forecast-tracker.ts';
import type { LimitSample } from './limit-sample.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const MONDAY = Date.UTC(2026, 10, 23);

const MEMBERS = new Map([
  ['chat', [{ provider: 'openai', domainPath: ['openai/org-1'], group: 'gpt-5' }]],
]);
const POOL = {
  pool: 'chat',
  tiers: [{ tier: 0, candidates: 1, eligible: 1, nextInMs: null }],
  requests10s: 5,
  retries10s: 0,
};
const sample = (more: Partial<LimitSample>): LimitSample => ({
  provider: 'openai',
  path: 'openai/org-1',
  group: 'gpt-5',
  dimension: 'tokens_day',
  limit: 1_000_000,
  remaining: 1_000_000,
  resetInMs: 20 * HOUR,
  refill: 'window',
  source: 'header',
  reserved: 0,
  used: null,
  rate: 0,
  ...more,
});

/** A tracker whose one limit is drained by `perMinute`, sampled every five seconds. */
function drained(perMinute: (wallAt: number) => number, forMs: number, start = MONDAY) {
  const tracker = new ForecastTracker();
  tracker.setPools(MEMBERS);
  let remaining = 1_000_000;
  let at = 0;
  for (; at <= forMs; at += 5 * SECOND) {
    const wallNow = start + at;
    tracker.note([sample({ remaining, resetInMs: 20 * HOUR - at })], { now: at, wallNow });
    remaining -= (perMinute(wallNow) * 5) / 60;
  }
  const now = at - 5 * SECOND;
  const [pool] = tracker.forecast([POOL], { now, wallNow: start + now });
  return { tracker, pool, dimension: pool?.dimensions[0] };
}

describe('the forecast of a pool', () => {
  it('says nothing about the end before it has watched for long enough', () => {
    const { dimension } = drained(() => 1000, 2 * MINUTE);
    expect(dimension).toMatchObject({ state: 'learning', burnPerMinute: null, exhaustsInMs: null });
    expect(dimension?.percentLeft).toBeGreaterThan(99);
  });

  it('finds the burn and the end of what is left', () => {
    const { dimension, pool } = drained(() => 2000, 15 * MINUTE);
    expect(dimension?.state).toBe('draining');
    expect(dimension?.burnPerMinute).toBeCloseTo(2000, -1);
    // 970,000 left at 2,000 a minute.
    expect(dimension?.exhaustsInMs).toBeCloseTo(485 * MINUTE, -5);
    expect(pool?.exhaustsInMs).toBe(dimension?.exhaustsInMs);
    expect(pool?.requestsPerMinute).toBe(30);
  });

  it('is steady where the day ends before its limit does', () => {
    const { dimension } = drained(() => 500, 15 * MINUTE);
    expect(dimension).toMatchObject({ state: 'steady', exhaustsInMs: null });
  });

  it('follows a change of pace within its half-life', () => {
    const { dimension } = drained((at) => (at < MONDAY + 2 * HOUR ? 100 : 1000), 3 * HOUR);
    expect(dimension?.burnPerMinute).toBeGreaterThan(500);
    expect(dimension?.burnPerMinute).toBeLessThan(700);
  });

  it('tells an exhausted limit, and when it comes back', () => {
    const tracker = new ForecastTracker();
    tracker.setPools(MEMBERS);
    tracker.note([sample({ remaining: 0, resetInMs: 90_000 })], { now: 0, wallNow: MONDAY });
    const [pool] = tracker.forecast([POOL], { now: 30_000, wallNow: MONDAY + 30_000 });
    expect(pool?.dimensions[0]).toMatchObject({
      state: 'exhausted',
      exhaustsInMs: 0,
      recoversInMs: 60_000,
    });
  });

  it('does not call a pool finite of which one domain tells nothing', () => {
    const { tracker } = drained(() => 2000, 15 * MINUTE);
    const [first] = MEMBERS.get('chat') ?? [];
    if (first === undefined) throw new Error('no member');
    const other = { ...first, domainPath: ['openai/org-2'] };
    tracker.setPools(new Map([['chat', [first, other]]]));
    const at = { now: 15 * MINUTE, wallNow: MONDAY + 15 * MINUTE };
    tracker.note([], at);
    const [pool] = tracker.forecast([POOL], at);
    expect(pool?.dimensions[0]?.domains).toEqual({ known: 1, all: 2 });
    expect(pool?.exhaustsInMs).toBeNull();
  });

  it('says that nothing is known where no limit was ever told', () => {
    const tracker = new ForecastTracker();
    tracker.setPools(MEMBERS);
    tracker.note([], { now: 0, wallNow: MONDAY });
    expect(tracker.forecast([POOL], { now: 0, wallNow: MONDAY })[0]).toMatchObject({
      state: 'unknown',
      exhaustsInMs: null,
      dimensions: [],
    });
  });

  it('learns the hours of the day, keeps them over a restart, and counts the busy ones to come', () => {
    const { tracker } = drained(() => 100, 2.5 * HOUR);
    const hours = tracker.takeHours();
    expect(hours.map(({ amount }) => Math.round(amount))).toEqual([5992, 6000]);
    expect(tracker.takeHours()).toEqual([]);

    const again = new ForecastTracker();
    again.setPools(MEMBERS);
    // Three days: quiet but for 06:00 to 08:00, when 10,000 a minute are used.
    const history = Array.from({ length: 72 }, (_, hour) => ({
      pool: 'chat',
      dimension: 'tokens_day' as const,
      hourAt: MONDAY - 72 * HOUR + hour * HOUR,
      amount: 60 * (hour % 24 === 6 || hour % 24 === 7 ? 10_000 : 100),
      watchedMs: HOUR,
    }));
    again.restore(history);
    for (let at = 0; at <= 15 * MINUTE; at += 5 * SECOND) {
      const remaining = 1_000_000 - (100 * at) / MINUTE;
      const told = sample({ remaining, resetInMs: 20 * HOUR - at });
      again.note([told], { now: at, wallNow: MONDAY + at });
    }
    const at = { now: 15 * MINUTE, wallNow: MONDAY + 15 * MINUTE };
    const dimension = again.forecast([POOL], at)[0]?.dimensions[0];
    expect(dimension).toMatchObject({ state: 'draining', seasonal: true });
    // 06:00 is 5 h 45 min away; what is left by then lasts for about 96 min at 10,000 a minute.
    expect((dimension?.exhaustsInMs ?? 0) / HOUR).toBeGreaterThan(7.2);
    expect((dimension?.exhaustsInMs ?? 0) / HOUR).toBeLessThan(7.5);
  });

  it('counts what was charged here and what is used from outside, whichever is more', () => {
    const minute = (usedPerMinute: number, remainingAt: (at: number) => number) => {
      const tracker = new ForecastTracker();
      tracker.setPools(MEMBERS);
      for (let at = 0; at <= 5 * MINUTE; at += 5 * SECOND) {
        const told = sample({
          dimension: 'tokens_minute',
          limit: 60_000,
          remaining: remainingAt(at),
          reserved: at % 10_000 === 0 ? 0 : 500,
          used: (usedPerMinute * at) / MINUTE,
          rate: 1,
          refill: 'continuous',
          resetInMs: null,
        });
        tracker.note([told], { now: at, wallNow: MONDAY + at });
      }
      const at = { now: 5 * MINUTE, wallNow: MONDAY + 5 * MINUTE };
      return tracker.forecast([POOL], at)[0]?.dimensions[0]?.burnPerMinute ?? 0;
    };
    // Always full, so that only our own account shows what goes through it.
    expect(minute(3000, () => 60_000)).toBeCloseTo(3000, -2);
    // Half full and standing still: somebody takes all that comes back. Reservations that come and go are no use.
    const standing = (at: number) => (at % 10_000 === 0 ? 30_000 : 29_500);
    expect(minute(3000, standing)).toBeCloseTo(60_000, -3);
  });

  it('forgets limits that nobody tells any more, and pools that are gone', () => {
    const { tracker } = drained(() => 2000, 15 * MINUTE);
    const later = { now: 3 * HOUR, wallNow: MONDAY + 3 * HOUR };
    tracker.note([], later);
    tracker.setPools(new Map());
    expect(tracker.forecast([POOL], later)[0]?.dimensions).toEqual([]);
  });
});
