import { describe, expect, it } from 'vitest';
import { describeLimits } from './describe-limits.ts';
import type { KeyTable } from './key-table.ts';
import type { LimitObservation } from './limit-observation.ts';
import { observeLimits } from './observe-limits.ts';
import { carryOver, clearCooldowns } from './recover.ts';
import { settle, tryReserve } from './reserve.ts';
import { at, candidateOf, keyOf, openTable, planOf, verdictOf } from './table-fixture.bench.ts';
import { SUCCESS, type Dimension } from './verdict.ts';

const MINUTE = 60_000;
const slowDown = verdictOf('slow_down');
const oneKey = (): KeyTable => openTable(planOf(keyOf('a')));

/** Four minutes at a provider that tells nothing and passes 30 requests in each of them. */
function learnPace(table: KeyTable): void {
  for (let minute = 0; minute < 4; minute += 1) {
    let passed = 0;
    for (let now = minute * MINUTE; now < (minute + 1) * MINUTE; now += 500) {
      const taken = tryReserve(table, candidateOf(table, 'a'), now);
      if (typeof taken === 'string') continue;
      settle(table, taken, passed < 30 ? SUCCESS : slowDown, at(now));
      passed += 1;
    }
  }
}

const learnedIn = (table: KeyTable, now: number) =>
  describeLimits(table, now).find(({ source }) => source === 'learned');

describe('what was learned of a limit', () => {
  it('is forgotten when a provider tells limits after all, of which nothing that was learned is left or taken away', () => {
    const table = oneKey();
    learnPace(table);
    expect(learnedIn(table, 4 * MINUTE)?.limit).toBeGreaterThan(0);
    const now = 5 * MINUTE;
    const taken = tryReserve(table, candidateOf(table, 'a'), now);
    if (typeof taken === 'string') throw new Error(taken);
    const tell = (dimension: Dimension): LimitObservation => ({
      dimension,
      limit: 500,
      remaining: 400,
      resetInMs: MINUTE,
      refill: 'window',
      source: 'header',
    });
    observeLimits(table, taken, [tell('requests_minute')], { now });
    const known = (): readonly (readonly [Dimension, number | null])[] =>
      describeLimits(table, now).map(({ dimension, remaining }) => [dimension, remaining]);
    expect(known()).toEqual([['requests_minute', 400]]);
    observeLimits(table, taken, [tell('requests_day')], { now });
    settle(table, taken, slowDown, at(now));
    expect(learnedIn(table, now)).toBeUndefined();
    expect(known().map(([dimension]) => dimension)).toEqual(['requests_minute', 'requests_day']);
    expect(known()[1]).toEqual(['requests_day', 400]);
  });

  it('begins anew after a hand forgot all limits that were told', () => {
    const table = oneKey();
    const taken = tryReserve(table, candidateOf(table, 'a'), 0);
    if (typeof taken === 'string') throw new Error(taken);
    const told = ['requests_minute', 'requests_day', 'tokens_minute', 'tokens_day'] as const;
    observeLimits(
      table,
      taken,
      told.map((dimension) => ({
        dimension,
        limit: 1e9,
        remaining: 9e8,
        resetInMs: MINUTE,
        source: 'header',
      })),
      { now: 0 },
    );
    settle(table, taken, SUCCESS, at(1));
    clearCooldowns(table, {}, at(2));
    expect(describeLimits(table, 2)).toEqual([]);
    learnPace(table);
    const fresh = oneKey();
    learnPace(fresh);
    expect(learnedIn(table, 4 * MINUTE)?.limit).toBe(learnedIn(fresh, 4 * MINUTE)?.limit);
  });

  it('comes over to the next table', () => {
    const table = oneKey();
    learnPace(table);
    const next = oneKey();
    carryOver(table, next);
    expect(learnedIn(next, 4 * MINUTE)?.limit).toBeGreaterThan(0);
    expect(describeLimits(next, 4 * MINUTE)).toEqual(describeLimits(table, 4 * MINUTE));
  });
});
