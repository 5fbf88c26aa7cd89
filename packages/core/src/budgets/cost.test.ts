import { describe, expect, it } from 'vitest';
import { periodEnd, periodStart } from './budget-period.ts';
import type { TokenPrice } from '../snapshot/snapshot.ts';
import { batchMicros, costMicros, dearestOf, estimateMicros, tariffAt } from './cost.ts';

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

describe('a price with all kinds of tokens', () => {
  const rich = {
    inputMicros: 1_000_000,
    cachedInputMicros: 100_000,
    outputMicros: 10_000_000,
    cacheWriteMicros: 1_250_000,
    cacheWriteHourMicros: 2_000_000,
    reasoningMicros: 12_000_000,
    audioInputMicros: 32_000_000,
    audioOutputMicros: 64_000_000,
    imageInputMicros: 8_000_000,
    imageOutputMicros: 30_000_000,
    callMicros: 5_000,
  };
  const parts = {
    inputTokens: 1000,
    cachedTokens: 100,
    cacheWriteTokens: 200,
    cacheWriteHourTokens: 50,
    audioInputTokens: 30,
    imageInputTokens: 20,
    outputTokens: 500,
    reasoningTokens: 300,
    audioOutputTokens: 40,
    imageOutputTokens: 10,
  };

  it('prices each part once, at its own rate, and the rest as plain', () => {
    const input = 650 * 1 + 100 * 0.1 + 150 * 1.25 + 50 * 2 + 30 * 32 + 20 * 8;
    const output = 150 * 10 + 300 * 12 + 40 * 64 + 10 * 30;
    expect(costMicros(parts, rich)).toBe(Math.ceil(input + output + 5000));
  });

  it('prices a part of which nothing is said as plain, and writes for an hour as other writes', () => {
    expect(costMicros(parts, PRICE)).toBe(900 * 2 + 100 * 0.5 + 500 * 10);
    const { cacheWriteHourMicros: _, ...without } = rich;
    const written = { inputTokens: 8, cachedTokens: 0, outputTokens: 0, cacheWriteTokens: 8 };
    const hour = { ...written, cacheWriteHourTokens: 8 };
    expect(costMicros(hour, without) - 5000).toBe(10);
    expect(costMicros(hour, rich) - 5000).toBe(16);
  });

  it('never counts more parts than there are tokens', () => {
    const all = Object.fromEntries(Object.keys(parts).map((name) => [name, 10]));
    const usage = { inputTokens: 10, outputTokens: 10, cachedTokens: 10, ...all };
    expect(costMicros(usage, rich)).toBe(10 * 0.1 + 10 * 12 + 5000);
  });

  it('is rounded up once, for the sum, and not by a fraction that is only an error of ours', () => {
    const tiny = { inputMicros: 1, cachedInputMicros: 1, outputMicros: 1 };
    const usage = { inputTokens: 1_000_001, cachedTokens: 0, outputTokens: 0 };
    expect(costMicros(usage, tiny)).toBe(2);
    expect(costMicros({ ...usage, inputTokens: 1_000_000 }, tiny)).toBe(1);
  });

  it('stays a whole number, whatever was counted', () => {
    const most = Number.MAX_SAFE_INTEGER;
    const cost = costMicros({ inputTokens: most, cachedTokens: 0, outputTokens: most }, rich);
    expect(Number.isSafeInteger(cost)).toBe(true);
    const odd = { inputTokens: -5, cachedTokens: Number.NaN, outputTokens: -1 };
    expect(costMicros(odd, PRICE)).toBe(0);
  });
});

describe('a price with its conditions', () => {
  const rates = (micros: number) => ({
    inputMicros: micros,
    cachedInputMicros: micros,
    outputMicros: micros,
  });
  const DAY = Date.UTC(2026, 11, 1);
  const HOUR = 3_600_000;
  const price: TokenPrice = {
    ...rates(1_000_000),
    longContext: [
      { aboveInputTokens: 100, ...rates(2_000_000) },
      { aboveInputTokens: 200, ...rates(3_000_000) },
    ],
    changes: [
      { fromMs: DAY, daily: null, tariff: rates(5_000_000) },
      {
        fromMs: DAY,
        daily: { startMs: 22 * HOUR, endMs: 2 * HOUR },
        tariff: rates(7_000_000),
      },
    ],
  };
  const ofInput = (inputTokens: number) =>
    costMicros({ inputTokens, cachedTokens: 0, outputTokens: 1 }, price);

  it('holds for all of a call with a longer input', () => {
    expect([100, 101, 200, 201].map(ofInput)).toEqual([101, 204, 402, 606]);
  });

  it('holds from its day on, and in its hours', () => {
    const at = (wallNow: number) => tariffAt(price, wallNow).inputMicros / 1e6;
    expect(at(DAY - 1)).toBe(1);
    expect(at(DAY)).toBe(7);
    expect(at(DAY + 2 * HOUR - 1)).toBe(7);
    expect(at(DAY + 2 * HOUR)).toBe(5);
    expect(at(DAY + 22 * HOUR)).toBe(7);
    expect(at(DAY - 2 * HOUR)).toBe(1);
    expect(tariffAt(PRICE, DAY)).toBe(PRICE);
  });

  it('has a dearest that no call exceeds', () => {
    const { inputMicros, outputMicros } = dearestOf([price, PRICE]);
    expect([inputMicros, outputMicros]).toEqual([7_000_000, 10_000_000]);
    const written = { ...PRICE, cacheWriteHourMicros: 9_000_000, audioInputMicros: 99_000_000 };
    expect(dearestOf([written]).inputMicros).toBe(9_000_000);
  });
});

describe('the cost of a batch', () => {
  const RATES = { inputMicros: 2_000_000, cachedInputMicros: 1_000_000, outputMicros: 8_000_000 };
  const USAGE = { inputTokens: 1001, cachedTokens: 1, outputTokens: 500 };

  it.each([
    [100, 6001],
    [50, 3001],
    [33, 1981],
    [0, 0],
  ])('is the provider’s share of the price, %d percent, rounded up once', (percent, micros) => {
    expect(batchMicros(USAGE, RATES, { calls: 2, percent })).toBe(micros);
  });

  it('has the price of each call in it, and none for long inputs', () => {
    const tariff = { ...RATES, callMicros: 10 };
    const longContext = [{ ...RATES, inputMicros: 9_000_000, aboveInputTokens: 10 }];
    expect(batchMicros(USAGE, tariff, { calls: 3, percent: 50 })).toBe(3016);
    expect(batchMicros(USAGE, { ...tariff, longContext }, { calls: 3, percent: 50 })).toBe(3016);
  });

  it('is a number for whatever is counted', () => {
    const most = { ...USAGE, outputTokens: 1e12 };
    expect(batchMicros(most, RATES, { calls: 1, percent: 50 })).toBe(4_000_000_001_001);
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
