import { assert, constantFrom, integer, property } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { calendarEnd, isTimeZone } from './calendar.ts';

const iso = (at: number): string => new Date(at).toISOString();

describe('the end of a calendar day or month', () => {
  test.each([
    ['2026-11-25T07:59:59.999Z', 'day', 'America/Los_Angeles', '2026-11-25T08:00:00.000Z'],
    ['2026-11-25T08:00:00.000Z', 'day', 'America/Los_Angeles', '2026-11-26T08:00:00.000Z'],
    // the day that summer time ends has 25 hours, the day it begins 23
    ['2026-11-01T12:00:00.000Z', 'day', 'America/Los_Angeles', '2026-11-02T08:00:00.000Z'],
    ['2026-03-08T12:00:00.000Z', 'day', 'America/Los_Angeles', '2026-03-09T07:00:00.000Z'],
    ['2026-12-31T23:59:59.999Z', 'day', 'UTC', '2027-01-01T00:00:00.000Z'],
    ['2026-12-31T23:59:59.999Z', 'month', 'UTC', '2027-01-01T00:00:00.000Z'],
    ['2026-02-01T00:00:00.000Z', 'month', 'UTC', '2026-03-01T00:00:00.000Z'],
    ['2026-02-28T23:00:00.000Z', 'month', 'Europe/Berlin', '2026-03-31T22:00:00.000Z'],
    ['2026-06-30T12:00:00.000Z', 'day', 'Asia/Kolkata', '2026-06-30T18:30:00.000Z'],
    // midnight itself is skipped in Cairo on the last Friday of April: the day begins at one
    ['2026-04-23T12:00:00.000Z', 'day', 'Africa/Cairo', '2026-04-23T22:00:00.000Z'],
    // and comes twice in Havana in autumn: the hour before it is repeated from one to midnight
    ['2026-11-01T12:00:00.000Z', 'day', 'America/Havana', '2026-11-02T05:00:00.000Z'],
  ] as const)('after %s, a %s in %s, is %s', (at, unit, timeZone, end) => {
    expect(iso(calendarEnd(Date.parse(at), unit, timeZone))).toBe(end);
  });

  test('lies ahead, is at most 25 hours or 31 days and an hour away, and shows midnight', () => {
    const zones = constantFrom(
      'UTC',
      'America/Los_Angeles',
      'Europe/Berlin',
      'Australia/Lord_Howe',
    );
    const years = { min: Date.UTC(2020, 0, 1), max: Date.UTC(2035, 0, 1) };
    assert(
      property(integer(years), zones, constantFrom('day', 'month'), (at, timeZone, unit) => {
        const end = calendarEnd(at, unit, timeZone);
        expect(end).toBeGreaterThan(at);
        expect(end - at).toBeLessThanOrEqual((unit === 'day' ? 25 : 31 * 24 + 1) * 3_600_000);
        const shown = new Intl.DateTimeFormat('en-GB', { timeZone, timeStyle: 'medium' });
        expect(shown.format(end)).toBe('00:00:00');
      }),
    );
  });

  test('a time zone that does not exist is none', () => {
    expect(isTimeZone('America/Los_Angeles')).toBe(true);
    expect(isTimeZone('Pacific/Nowhere')).toBe(false);
  });
});
