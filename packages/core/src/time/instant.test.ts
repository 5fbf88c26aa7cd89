import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseEpoch, parseHttpDate, parseRfc3339 } from './instant.ts';

const AT = Date.UTC(1994, 10, 6, 8, 49, 37);

describe('parseHttpDate', () => {
  it.each([
    ['Sun, 06 Nov 1994 08:49:37 GMT', AT],
    ['Sunday, 06-Nov-94 08:49:37 GMT', AT],
    ['Sun Nov  6 08:49:37 1994', AT],
    ['Sun, 6 Nov 1994 08:49:37 GMT', AT],
    ['sun, 06 nov 1994 08:49:37 gmt', AT],
    [' Sun, 06 Nov 1994 08:49:37 UTC ', AT],
    ['Sunday, 06-Nov-26 08:49:37 GMT', Date.UTC(2026, 10, 6, 8, 49, 37)],
    ['Fri, 31 Dec 9999 23:59:59 GMT', Date.UTC(9999, 11, 31, 23, 59, 59)],
    ['Tue, 29 Feb 2028 00:00:00 GMT', Date.UTC(2028, 1, 29)],
    ['Sat, 30 Jun 2012 23:59:60 GMT', Date.UTC(2012, 6, 1)],
    ['Mon, 29 Feb 2027 00:00:00 GMT', null],
    ['Sun, 31 Nov 1994 08:49:37 GMT', null],
    ['Sun, 00 Nov 1994 08:49:37 GMT', null],
    ['Sun, 06 Foo 1994 08:49:37 GMT', null],
    ['Sun, 06 Nov 1994 24:00:00 GMT', null],
    ['Sun, 06 Nov 1994 08:60:00 GMT', null],
    ['Sun, 06 Nov 1994 08:49:37 CET', null],
    ['120', null],
    ['', null],
    [undefined, null],
    ['x'.repeat(100_000), null],
  ])('reads %s as %s', (text, at) => {
    expect(parseHttpDate(text)).toBe(at);
  });

  it('knows every day of the calendar as a JavaScript engine does, and none besides', () => {
    const pad = (value: number, width: number): string => String(value).padStart(width, '0');
    const year = fc.oneof(
      fc.integer({ min: 0, max: 9999 }),
      fc.constantFrom(1900, 2000, 2024, 2100),
    );
    fc.assert(
      fc.property(
        year,
        fc.integer({ min: 0, max: 13 }),
        fc.integer({ min: 0, max: 32 }),
        (of, month, day) => {
          const date = new Date(0);
          date.setUTCFullYear(of, month - 1, day);
          const there = date.getUTCDate() === day && date.getUTCMonth() === month - 1;
          const text = `${pad(of, 4)}-${pad(month, 2)}-${pad(day, 2)}T00:00:00Z`;
          expect(parseRfc3339(text)).toBe(there ? date.getTime() : null);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('reads back every date that a JavaScript engine writes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_102_444_800 }), (seconds) => {
        expect(parseHttpDate(new Date(seconds * 1000).toUTCString())).toBe(seconds * 1000);
      }),
    );
  });
});

describe('parseRfc3339', () => {
  it.each([
    ['2026-09-01T00:00:00Z', Date.UTC(2026, 8, 1)],
    ['2026-09-01t00:00:00z', Date.UTC(2026, 8, 1)],
    ['2026-09-01 00:00:00Z', Date.UTC(2026, 8, 1)],
    ['2026-09-01T00:00Z', Date.UTC(2026, 8, 1)],
    ['2026-09-01T02:00:00+02:00', Date.UTC(2026, 8, 1)],
    ['2026-08-31T16:30:00-0730', Date.UTC(2026, 8, 1)],
    ['2026-09-01T00:00:00.123456Z', Date.UTC(2026, 8, 1) + 123],
    ['2026-02-30T00:00:00Z', null],
    ['2026-13-01T00:00:00Z', null],
    ['2026-09-01T00:00:00+24:00', null],
    ['2026-09-01T00:00:00', null],
    ['2026-09-01', null],
    ['', null],
    [undefined, null],
  ])('reads %s as %s', (text, at) => {
    expect(parseRfc3339(text)).toBe(at);
  });

  it('reads back every date that a JavaScript engine writes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 253_402_300_799_999 }), (ms) => {
        expect(parseRfc3339(new Date(ms).toISOString())).toBe(ms);
      }),
    );
  });
});

describe('parseEpoch', () => {
  it.each([
    ['1795392000', 1_795_392_000_000],
    ['1795392000.5', 1_795_392_000_500],
    ['1795392000000', 1_795_392_000_000],
    ['1000000000000', 1_000_000_000_000],
    ['-1', null],
    ['1e400', null],
    ['now', null],
    [undefined, null],
  ])('reads %s as %s', (text, at) => {
    expect(parseEpoch(text)).toBe(at);
  });

  it('keeps dates apart from texts for every input', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        for (const at of [parseHttpDate(text), parseRfc3339(text), parseEpoch(text)]) {
          expect(at === null || Number.isFinite(at)).toBe(true);
        }
      }),
    );
  });
});
