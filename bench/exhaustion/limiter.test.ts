import { assert, constantFrom, integer, property, array, record } from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  createGauge,
  fits,
  fitsFrom,
  levelAt,
  mostTaken,
  take,
  type LimitRule,
} from './limiter.ts';

const rule = (kind: LimitRule['kind'], more: Partial<LimitRule> = {}): LimitRule => ({
  counts: 'requests',
  limit: 10,
  windowMs: 60_000,
  kind,
  anchorAt: -15_000,
  usedAtStart: 0,
  ...more,
});

describe('a limiter', () => {
  test('that is continuous gives back evenly and never more than its limit', () => {
    const gauge = createGauge(rule('continuous'));
    take(gauge, 10, 0);
    expect(levelAt(gauge, 3000)).toBeCloseTo(0.5);
    expect(fitsFrom(gauge, 1, 3000)).toBeCloseTo(6000);
    expect(levelAt(gauge, 1e9)).toBe(10);
  });

  test('with a fixed window gives everything back at its boundary and nothing before', () => {
    const gauge = createGauge(rule('fixed'));
    take(gauge, 10, 1000);
    expect(levelAt(gauge, 44_999)).toBe(0);
    expect(fitsFrom(gauge, 1, 2000)).toBe(45_000);
    expect(levelAt(gauge, 45_000)).toBe(10);
  });

  test('with a sliding window gives back what was taken a window ago', () => {
    const gauge = createGauge(rule('sliding'));
    for (let at = 0; at < 10; at += 1) take(gauge, 1, at * 1000);
    expect(fits(gauge, 1, 59_999)).toBe(false);
    expect(fitsFrom(gauge, 3, 10_000)).toBe(62_000);
    expect(levelAt(gauge, 62_000)).toBe(3);
  });

  test('never admits more than the most that its rule allows, whatever comes', () => {
    const call = record({
      afterMs: integer({ min: 0, max: 20_000 }),
      amount: integer({ min: 1, max: 6 }),
    });
    const kinds = constantFrom('continuous' as const, 'fixed' as const, 'sliding' as const);
    assert(
      property(kinds, array(call, { maxLength: 80 }), (kind, calls) => {
        const gauge = createGauge(rule(kind));
        let now = 0;
        let taken = 0;
        for (const { afterMs, amount } of calls) {
          now += afterMs;
          const from = fitsFrom(gauge, amount, now);
          expect(fits(gauge, amount, now)).toBe(from <= now);
          if (from <= now) {
            take(gauge, amount, now);
            taken += amount;
          }
          expect(taken).toBeLessThanOrEqual(mostTaken(gauge.rule, now) + 1e-6);
        }
      }),
    );
  });
});
