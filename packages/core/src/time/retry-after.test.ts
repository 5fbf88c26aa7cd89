import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_WAIT_MS, retryAfterHints, retryAfterMs } from './retry-after.ts';

const NOW = Date.UTC(2026, 10, 23, 12, 0, 0);
const headers =
  (fields: Record<string, string>): ((name: string) => string | undefined) =>
  (name) =>
    fields[name];

describe('retryAfterMs', () => {
  it.each<[string, Record<string, string>, number]>([
    ['whole seconds', { 'retry-after': '20' }, 20_000],
    ['parts of a second', { 'retry-after': '0.5' }, 500],
    ['nothing to wait for', { 'retry-after': '0' }, 0],
    ['milliseconds', { 'retry-after-ms': '1200' }, 1200],
    ['milliseconds before seconds', { 'retry-after-ms': '1200', 'retry-after': '2' }, 1200],
    [
      'good seconds beside broken milliseconds',
      { 'retry-after-ms': 'x', 'retry-after': '2' },
      2000,
    ],
    ['a date', { 'retry-after': 'Mon, 23 Nov 2026 12:00:30 GMT' }, 30_000],
    ['a Go duration', { 'retry-after': '1m30s' }, 90_000],
    ['an RFC 3339 date', { 'retry-after': '2026-11-23T12:00:30Z' }, 30_000],
  ])('reads %s', (_, fields, ms) => {
    expect(retryAfterMs(headers(fields), NOW)).toMatchObject({ ms, implausible: false });
  });

  it("counts a date from the response's own clock, however wrong the local one is", () => {
    const fields = {
      'retry-after': 'Wed, 21 Oct 2015 07:28:30 GMT',
      date: 'Wed, 21 Oct 2015 07:28:00 GMT',
    };
    expect(retryAfterMs(headers(fields), NOW)).toMatchObject({ ms: 30_000, implausible: false });
  });

  it.each<[string, Record<string, string>, number]>([
    ['negative', { 'retry-after': '-5' }, 0],
    ['past', { 'retry-after': 'Mon, 23 Nov 2026 11:00:00 GMT' }, 0],
    ['in the year 9999', { 'retry-after': 'Fri, 31 Dec 9999 23:59:59 GMT' }, MAX_WAIT_MS],
    ['huge', { 'retry-after': '99999999999' }, MAX_WAIT_MS],
    ['beyond a double', { 'retry-after': '1e400' }, MAX_WAIT_MS],
    ['beyond a double in milliseconds', { 'retry-after-ms': '1e400' }, MAX_WAIT_MS],
    ['not readable', { 'retry-after': 'soon' }, 0],
    ['empty', { 'retry-after': '' }, 0],
    ['not a number', { 'retry-after-ms': 'NaN' }, 0],
  ])('says so when the value is %s', (_, fields, ms) => {
    expect(retryAfterMs(headers(fields), NOW)).toMatchObject({ ms, implausible: true });
  });

  it('is null without either header', () => {
    expect(retryAfterMs(headers({ date: 'Mon, 23 Nov 2026 12:00:00 GMT' }), NOW)).toBeNull();
  });

  it('is finite and in range whatever comes', () => {
    const text = fc.oneof(fc.string(), fc.double().map(String), fc.date().map(String));
    fc.assert(
      fc.property(text, text, text, (ms, seconds, date) => {
        const fields = { 'retry-after-ms': ms, 'retry-after': seconds, date };
        for (const hint of retryAfterHints(headers(fields), NOW)) {
          expect(hint.ms).toBeGreaterThanOrEqual(0);
          expect(hint.ms).toBeLessThanOrEqual(MAX_WAIT_MS);
        }
      }),
    );
  });
});
