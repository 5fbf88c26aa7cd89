import { describe, expect, test } from 'vitest';
import { needFrom } from './need.ts';
import { observeLimits } from './observe-limits.ts';
import { candidateStart } from './projection.ts';
import { settle, tryReserve } from './reserve.ts';
import { at, candidateOf, keyOf, openTable, planOf, send } from './table-fixture.bench.ts';
import { SUCCESS } from './verdict.ts';

/** A key of 60,000 tokens a minute, one every millisecond, of which nothing is left at 1000. */
function emptied(refill: 'continuous' | 'window') {
  const table = openTable(planOf(keyOf('a')));
  const first = send(table, 'a', 1000);
  const told = {
    dimension: 'tokens_minute' as const,
    limit: 60_000,
    remaining: 0,
    resetInMs: 60_000,
    refill,
    source: 'header' as const,
  };
  observeLimits(table, first, [told], { now: 1000 });
  settle(table, first, SUCCESS, { ...at(1000), charged: [1, 0, 0, 0, 0, 0] });
  return { table, candidate: candidateOf(table, 'a') };
}

describe('what is kept back of a limit', () => {
  test('a need goes a moment after it fits where the limit refills continuously, and is projected there', () => {
    const { table, candidate } = emptied('continuous');
    const need = needFrom({ tokens: 1000 });
    expect(tryReserve(table, candidate, 2000, need)).toBe('does_not_fit');
    expect(tryReserve(table, candidate, 2189, need)).toBe('does_not_fit');
    expect(candidateStart(table, candidate, 2000, need)).toBeCloseTo(2190);
    expect(tryReserve(table, candidate, 2191, need)).toMatchObject({ sentAt: 2191 });
  });

  test('a request as large as the whole limit fits once the limit is full', () => {
    const { table, candidate } = emptied('continuous');
    const need = needFrom({ tokens: 60_000 });
    expect(candidateStart(table, candidate, 2000, need)).toBeCloseTo(61_000);
    expect(tryReserve(table, candidate, 61_001, need)).toMatchObject({ sentAt: 61_001 });
  });

  test('a window keeps back no more than what a call’s estimate may be off by', () => {
    const { table, candidate } = emptied('window');
    const most = needFrom({ tokens: 49_000 });
    expect(tryReserve(table, candidate, 61_001, most)).toMatchObject({ sentAt: 61_001 });
    expect(tryReserve(table, candidate, 61_002, needFrom({ tokens: 10_001 }))).toBe('does_not_fit');
    expect(tryReserve(table, candidate, 61_004, needFrom({ tokens: 10_000 }))).toMatchObject({
      sentAt: 61_004,
    });
  });

  test('a call as large as a window takes all of it', () => {
    const { table, candidate } = emptied('window');
    const need = needFrom({ tokens: 60_000 });
    expect(tryReserve(table, candidate, 60_999, need)).toBe('does_not_fit');
    expect(tryReserve(table, candidate, 61_001, need)).toMatchObject({ sentAt: 61_001 });
  });
});
