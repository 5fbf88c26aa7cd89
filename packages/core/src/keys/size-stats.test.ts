import { describe, expect, it } from 'vitest';
import { carryOver } from './recover.ts';
import { settle } from './reserve.ts';
import {
  learnedBytesPerToken,
  learnedFirstToken,
  learnedOutput,
  usualNeed,
  type SizeSample,
} from './size-stats.ts';
import { at, keyOf, openTable, planOf, seededRandom, send } from './table-fixture.bench.ts';
import { SUCCESS } from './verdict.ts';

const sample = (outputTokens: number, more: Partial<SizeSample> = {}): SizeSample => ({
  inputTokens: 500,
  outputTokens,
  ...more,
});

function learn(table: ReturnType<typeof openTable>, samples: readonly SizeSample[]): void {
  for (const each of samples)
    settle(table, send(table, 'a', 0), SUCCESS, { ...at(0), sample: each });
}

describe('what is learned of a model’s sizes', () => {
  it('is assumed before anything was seen', () => {
    const table = openTable(planOf(keyOf('a')));
    expect(learnedOutput(table, 0)).toBe(1000);
    expect(learnedBytesPerToken(table, 0)).toBe(4);
    expect(learnedFirstToken(table, 0)).toBe(0);
  });

  it('is about the 90th percentile of the output, whatever its spread', () => {
    const random = seededRandom(3);
    for (const [draw, least, most] of [
      [() => random() * 1000, 820, 960],
      [() => (random() < 0.95 ? 100 : 8000), 90, 400],
      [() => 250, 250, 250],
    ] as const) {
      const table = openTable(planOf(keyOf('a')));
      learn(
        table,
        Array.from({ length: 3000 }, () => sample(draw())),
      );
      expect(learnedOutput(table, 0)).toBeGreaterThanOrEqual(least);
      expect(learnedOutput(table, 0)).toBeLessThanOrEqual(most);
    }
  });

  it('is the ratio of bytes to tokens, and what a usual request needs', () => {
    const table = openTable(planOf(keyOf('a')));
    learn(
      table,
      Array.from({ length: 50 }, () => sample(100, { requestBytes: 1500 })),
    );
    expect(learnedBytesPerToken(table, 0)).toBeCloseTo(3);
    expect(usualNeed(table, 0)).toEqual([1, expect.closeTo(600), 500, expect.closeTo(100), 0, 0]);
  });

  it('is not learned from what is no number, and comes over to the next table', () => {
    const table = openTable(planOf(keyOf('a')));
    learn(table, [sample(40), sample(Number.NaN), sample(-3), sample(Infinity)]);
    expect(learnedOutput(table, 0)).toBe(40);
    const next = openTable(planOf(keyOf('b'), keyOf('a')));
    carryOver(table, next);
    expect(learnedOutput(next, 0)).toBe(40);
  });
});
