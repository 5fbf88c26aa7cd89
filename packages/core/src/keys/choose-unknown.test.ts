import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../testkit/src/seeded-random.ts';
import { choose, createTried } from './choose.ts';
import type { KeyTable } from './key-table.ts';
import { GUARD_MS, learnedCell, learnedPerMinute } from './learned-cells.ts';
import { noteCounting } from './learned-kind.ts';
import { settle, tryReserve } from './reserve.ts';
import {
  at,
  candidateOf,
  firstTier,
  keyOf,
  openTable,
  planOf,
  verdictOf,
} from './table-fixture.bench.ts';
import { LEARNED } from './table-layout.ts';
import { SUCCESS } from './verdict.ts';

const slowDown = verdictOf('slow_down');

/** Sends by choice, one each 200 ms, and says where each went. */
function send(table: KeyTable, from: number, count: number): string[] {
  const random = seededRandom(3);
  return Array.from({ length: count }, (_, place) => {
    const now = from + place * 200;
    const chosen = choose(table, firstTier(table), createTried(), { now, random });
    if (chosen === null) return 'none';
    const taken = tryReserve(table, chosen, now);
    if (typeof taken === 'string') return taken;
    settle(table, taken, SUCCESS, at(now + 50));
    return chosen.key.id;
  });
}

const countOf = (keys: readonly string[], id: string): number =>
  keys.filter((key) => key === id).length;

describe('keys of which nothing is known', () => {
  it('are used evenly', () => {
    const table = openTable(planOf(...['a', 'b', 'c'].map((id) => keyOf(id))));
    const keys = send(table, 0, 300);
    for (const id of ['a', 'b', 'c']) {
      expect(countOf(keys, id)).toBeGreaterThan(90);
      expect(countOf(keys, id)).toBeLessThan(110);
    }
  });

  it('are asked for no more than others of their kind bear while those have room, and then for what is wanted', () => {
    const table = openTable(planOf(keyOf('a'), keyOf('b')));
    const [a, b] = [candidateOf(table, 'a'), candidateOf(table, 'b')];
    // `a` bears fifty a minute.
    for (let sent = 0; sent < 51; sent += 1) {
      const now = sent * 700;
      const taken = tryReserve(table, a, now);
      if (typeof taken === 'string') throw new Error(taken);
      settle(table, taken, sent < 50 ? SUCCESS : slowDown, at(now + 50));
    }
    expect(Math.floor(learnedPerMinute(table, a.blocks[0] ?? 0))).toBe(50);
    const keys = send(table, 120_000, 280);
    // A hundred fit by what is known; no call waits for the rest.
    expect(countOf(keys.slice(0, 90), 'b')).toBeLessThanOrEqual(50);
    expect(countOf(keys, 'a')).toBeLessThanOrEqual(50);
    expect(countOf(keys, 'b')).toBeGreaterThanOrEqual(230);
    expect(learnedPerMinute(table, b.blocks[0] ?? 0)).toBe(0);
  });

  it.each([
    ['after', 50_000, 'b'],
    ['before', 10_000, 'a'],
  ])('are used %s one whose window is known to end in %i ms', (_, endsInMs, used) => {
    const table = openTable(planOf(keyOf('a'), keyOf('b')));
    const a = candidateOf(table, 'a');
    const block = a.blocks[0] ?? 0;
    const now = 600_000;
    for (let shown = 0; shown < 3; shown += 1) noteCounting(table, a.breaker, 'window');
    table.cells[learnedCell(block, LEARNED.perMinute)] = 50;
    const end = now + endsInMs - GUARD_MS;
    table.cells[learnedCell(block, LEARNED.windowBefore)] = end - 60_000;
    table.cells[learnedCell(block, LEARNED.windowAfter)] = end - 60_000;
    const chosen = choose(table, firstTier(table), createTried(), { now, random: seededRandom(1) });
    expect(chosen?.key.id).toBe(used);
  });
});
