import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRegainAccess, parseWaitPhrase } from './phrases.ts';

describe('parseWaitPhrase', () => {
  it.each([
    ['Please try again in 7m12s. Visit https://example.com', 432_000],
    ['Please try again in 9.816s. Visit', 9816],
    ['Please try again in 6ms.', 6],
    ['Try again in 20s', 20_000],
    ['try again in 2 minutes', 120_000],
    ['Please retry after 6 seconds.', 6000],
    ['Please retry after 86400 seconds.', 86_400_000],
    ['please try again after 1 seconds', 1000],
    ['Please retry in 22.5s.', 22_500],
    ['Please retry after 1 hour', 3_600_000],
    ['try again in 1s or try again in 5s', 5000],
    ['Please try again later.', null],
    ['try again in a while', null],
    ['try again in 5', null],
    ['try again in ', null],
    ['', null],
  ])('reads %s as %s ms', (message, ms) => {
    expect(parseWaitPhrase(message)).toBe(ms);
  });

  it('answers for every text, finite or null, in linear time', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const ms = parseWaitPhrase(`try again in ${text}`);
        expect(ms === null || Number.isFinite(ms)).toBe(true);
      }),
    );
    const startedAt = performance.now();
    parseWaitPhrase('try again in '.repeat(5000));
    expect(performance.now() - startedAt).toBeLessThan(500);
  });
});

describe('parseRegainAccess', () => {
  it.each([
    ['You will regain access on 2026-09-01 at 00:00 UTC.', Date.UTC(2026, 8, 1)],
    ['you will regain access on 2026-09-01 at 17:30 utc', Date.UTC(2026, 8, 1, 17, 30)],
    ['regain access on 2026-09-01', Date.UTC(2026, 8, 1)],
    ['regain access on 2026-02-31 at 00:00 UTC', null],
    ['regain access soon', null],
  ])('reads %s', (message, at) => {
    expect(parseRegainAccess(message)).toBe(at);
  });
});
