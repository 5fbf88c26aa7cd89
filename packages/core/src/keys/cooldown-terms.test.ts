import { describe, expect, it } from 'vitest';
import { classOf } from './cooldown-codes.ts';
import { lengthOf, probingGuess, termsOf } from './cooldown-terms.ts';
import { retryAfter, verdictOf } from './table-fixture.bench.ts';
import { FLAG } from './table-layout.ts';
import type { Verdict, VerdictClass } from './verdict.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

function outcomeOf(verdict: Verdict, random = 0, strikes = 1) {
  const terms = termsOf(verdict, 'node_group', random);
  return terms === null
    ? null
    : {
        class: classOf(terms.class),
        ms: lengthOf(terms, strikes),
        authoritative: (terms.flags & FLAG.authoritative) !== 0,
        implausible: (terms.flags & FLAG.implausible) !== 0,
      };
}

describe('how long a cooldown lasts', () => {
  const guesses: readonly [VerdictClass, number, number, number][] = [
    ['funds_exhausted', 5 * minute, 10 * minute, hour],
    ['window_exhausted_long', 15 * minute, 30 * minute, 6 * hour],
    ['window_exhausted_short', 10_000, 20_000, minute],
    ['concurrency', 5000, 5000, 5000],
    ['slow_down', 1000, 2000, 5000],
    ['credential_dead', 15 * minute, 30 * minute, 6 * hour],
    ['credential_expired', 15 * minute, 30 * minute, 6 * hour],
    ['region_blocked', hour, hour, hour],
    ['model_forbidden', hour, 2 * hour, 24 * hour],
  ];
  it.each(guesses)('%s: a guess of %i ms, then %i, at most %i', (of, first, second, most) => {
    for (const [strikes, ms] of [
      [1, first],
      [2, second],
      [1000, most],
    ] as const) {
      expect(outcomeOf(verdictOf(of), 0.9, strikes)).toEqual({
        class: of,
        ms,
        authoritative: false,
        implausible: false,
      });
    }
  });

  it('is what the provider named, never less, and at most a second or 5 % more', () => {
    expect(outcomeOf(retryAfter(2000), 0)?.ms).toBe(2000);
    expect(outcomeOf(retryAfter(2000), 0.999_999)?.ms).toBeCloseTo(2100, 0);
    expect(outcomeOf(retryAfter(600_000), 0.999_999)?.ms).toBeCloseTo(601_000, 0);
  });

  it('is long where a minute’s limit is said to end more than an hour ahead', () => {
    expect(outcomeOf(retryAfter(hour))?.class).toBe('window_exhausted_short');
    expect(outcomeOf(retryAfter(hour + 1))?.class).toBe('window_exhausted_long');
  });

  it.each([0, -5, Number.NaN, Infinity, -Infinity])(
    'is a guess, and implausible, where the provider names %d',
    (endsInMs) => {
      expect(outcomeOf(retryAfter(endsInMs))).toMatchObject({
        authoritative: false,
        implausible: true,
      });
      expect([10_000, 15 * minute]).toContain(outcomeOf(retryAfter(endsInMs))?.ms);
    },
  );

  it('is 35 days and a guess where more was named', () => {
    expect(outcomeOf(retryAfter(36 * day, { class: 'funds_exhausted' }))).toEqual({
      class: 'funds_exhausted',
      ms: 35 * day,
      authoritative: false,
      implausible: true,
    });
  });

  it('is nothing for what one verdict cannot blame on anybody', () => {
    const none: readonly VerdictClass[] = [
      'success',
      'too_large_for_limit',
      'clock_fault',
      'provider_overloaded',
      'transient',
      'ambiguous_accept',
      'caller_fault',
      'unknown',
    ];
    for (const of of none)
      expect(outcomeOf(verdictOf(of, { endsInMs: 5000, authoritative: true }))).toBeNull();
  });
});

describe('the longest pause of a limit that nobody tells', () => {
  it.each([
    [0, 32_000],
    [10, 32_000],
    [100, 18_000],
    [1000, 1800],
    [6000, 1000],
  ])(
    'of %i a minute is %i ms: thirty requests of it, within a second and half a minute',
    (perMinute, ms) => {
      expect(probingGuess(perMinute)).toEqual({ baseMs: 1000, capMs: ms });
    },
  );
});
