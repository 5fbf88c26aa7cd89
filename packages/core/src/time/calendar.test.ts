import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextMidnight, nextMonth } from './calendar.ts';
import { HOUR_MS } from './duration.ts';

/** The day on which clocks are put back. */
const LONGEST_DAY_MS = 25 * HOUR_MS;
const at = (text: string): number => Date.parse(text);
const iso = (ms: number): string => new Date(ms).toISOString();

describe('the next midnight in Los Angeles', () => {
  it.each([
    ['in winter time', '2026-11-25T18:00:00Z', '2026-11-26T08:00:00.000Z'],
    ['in summer time', '2026-07-01T18:00:00Z', '2026-07-02T07:00:00.000Z'],
    ['a moment before it', '2026-11-26T07:59:59.999Z', '2026-11-26T08:00:00.000Z'],
    ['is strictly later than midnight itself', '2026-11-26T08:00:00Z', '2026-11-27T08:00:00.000Z'],
    ['after the day on which clocks go back', '2026-11-01T07:30:00Z', '2026-11-02T08:00:00.000Z'],
    ['before the day on which clocks go back', '2026-10-31T20:00:00Z', '2026-11-01T07:00:00.000Z'],
    [
      'after the day on which clocks go forward',
      '2027-03-14T08:30:00Z',
      '2027-03-15T07:00:00.000Z',
    ],
    ['in the hour that comes twice', '2026-11-01T09:30:00Z', '2026-11-02T08:00:00.000Z'],
    ['at the end of a year', '2026-12-31T20:00:00Z', '2027-01-01T08:00:00.000Z'],
    ['on a leap day', '2028-02-29T20:00:00Z', '2028-03-01T08:00:00.000Z'],
  ])('%s', (_, now, midnight) => {
    expect(iso(nextMidnight(at(now), 'America/Los_Angeles'))).toBe(midnight);
  });

  it('is always ahead, never by more than the longest day, and itself a midnight', () => {
    const clock = new Intl.DateTimeFormat('en-GB', {
      timeZone: 'America/Los_Angeles',
      timeStyle: 'medium',
    });
    fc.assert(
      fc.property(fc.integer({ min: at('2020-01-01'), max: at('2060-01-01') }), (now) => {
        const midnight = nextMidnight(now, 'America/Los_Angeles');
        expect(midnight > now && midnight - now <= LONGEST_DAY_MS).toBe(true);
        expect(clock.format(midnight)).toBe('00:00:00');
      }),
    );
  });
});

describe('calendar months and days in UTC', () => {
  it('begin on the first and at midnight', () => {
    expect(iso(nextMonth(at('2026-11-25T18:00:00Z'), 'UTC'))).toBe('2026-12-01T00:00:00.000Z');
    expect(iso(nextMonth(at('2026-12-31T23:59:59Z'), 'UTC'))).toBe('2027-01-01T00:00:00.000Z');
    expect(iso(nextMidnight(at('2026-11-25T18:00:00Z'), 'UTC'))).toBe('2026-11-26T00:00:00.000Z');
    expect(nextMonth(at('2026-11-01T00:00:00Z'), 'UTC') - at('2026-11-01T00:00:00Z')).toBe(
      30 * 24 * HOUR_MS,
    );
  });
});
