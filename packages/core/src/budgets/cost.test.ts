import { describe, expect, it } from 'vitest';
import { periodEnd, periodStart } from './budget-period.ts';
import { costMicros, estimateMicros } from './cost.ts';

const PRICE = { inputMicros: 2_000_000, cachedInputMicros: 500_000, outputMicros: 10_000_000 };

describe('the cost of a call', () => {
  it('is input, cached input and output at their prices, in whole micros, never rounded down', () => {
    const usage = { inputTokens: 1000, cachedTokens: 400, outputTokens: 50 };
    expect(costMicros(usage, PRICE)).toBe(600 * 2 + 400 * 0.5 + 50 * 10);
    expect(costMicros({ inputTokens: 1, cachedTokens: 1, outputTokens: 0 }, PRICE)).toBe(1);
    expect(costMicros({ inputTokens: 0, cachedTokens: 0, outputTokens: 0 }, PRICE)).toBe(0);
  });

  it('takes no more for cached than there was input', () => {
    const usage = { inputTokens: 10, cachedTokens: 99, outputTokens: 0 };
    expect(costMicros(usage, PRICE)).toBe(5);
  });

  it('is estimated as if nothing were cached and the allowance used up', () => {
    expect(estimateMicros({ inputTokens: 1000, outputTokens: 100 }, PRICE)).toBe(3000);
    // 0.1 + 0.2 and the like must not add a micro
    const odd = { inputMicros: 100_000, cachedInputMicros: 0, outputMicros: 200_000 };
    expect(estimateMicros({ inputTokens: 1, outputTokens: 1 }, odd)).toBe(1);
    expect(estimateMicros({ inputTokens: 30, outputTokens: 15 }, odd)).toBe(6);
  });
});

describe('the period of a budget', () => {
  const noon = Date.UTC(2026, 10, 25, 12, 30);

  it('is a day, a month or all time, in UTC', () => {
    expect(periodStart('day', noon)).toBe(Date.UTC(2026, 10, 25));
    expect(periodStart('month', noon)).toBe(Date.UTC(2026, 10, 1));
    expect(periodStart('total', noon)).toBe(0);
    expect(periodEnd('day', noon)).toBe(Date.UTC(2026, 10, 26));
    expect(periodEnd('month', Date.UTC(2026, 11, 31, 23))).toBe(Date.UTC(2027, 0, 1));
    expect(periodEnd('total', noon)).toBeNull();
  });

  it('begins where the one before it ends', () => {
    for (const period of ['day', 'month'] as const) {
      const end = periodEnd(period, noon) ?? 0;
      expect(periodStart(period, end)).toBe(end);
      expect(periodStart(period, end - 1)).toBe(periodStart(period, noon));
    }
  });
});
