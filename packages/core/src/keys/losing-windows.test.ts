import { expect, test } from 'vitest';
import { choose, createTried } from './choose.ts';
import type { KeyTable } from './key-table.ts';
import { needFrom } from './need.ts';
import { observeLimits } from './observe-limits.ts';
import { settle } from './reserve.ts';
import {
  at,
  firstTier,
  keyOf,
  openTable,
  planOf,
  seededRandom,
  send,
} from './table-fixture.bench.ts';
import { SUCCESS } from './verdict.ts';

const HOUR = 3_600_000;

/** Tells a key's requests a day: so many are left of 1000, and the day ends in so many hours. */
function tell(table: KeyTable, key: string, remaining: number, endsInHours: number): void {
  const attempt = send(table, key, 1000);
  const told = {
    dimension: 'requests_day' as const,
    limit: 1000,
    remaining,
    resetInMs: endsInHours * HOUR,
    refill: 'window' as const,
    reset: 'window_end' as const,
    source: 'header' as const,
  };
  observeLimits(table, attempt, [told], { now: 1000 });
  settle(table, attempt, SUCCESS, at(1000));
}

function chosen(table: KeyTable, count: number): readonly string[] {
  const random = seededRandom(7);
  const need = needFrom({});
  const keys = new Set<string>();
  for (let draw = 0; draw < count; draw += 1) {
    const pick = choose(table, firstTier(table), createTried(), { now: 2000, random, need });
    keys.add(pick?.key.id ?? 'none');
  }
  return [...keys].toSorted();
}

test('what is left of a day goes before it is lost: the day that ends soonest first', () => {
  const table = openTable(planOf(keyOf('a'), keyOf('b'), keyOf('c')));
  tell(table, 'a', 900, 20);
  tell(table, 'b', 300, 2);
  tell(table, 'c', 900, 6);
  expect(chosen(table, 40)).toEqual(['b']);
});

test('a day of which less is left than of its time loses nothing and waits its turn', () => {
  const table = openTable(planOf(keyOf('a'), keyOf('b'), keyOf('c')));
  tell(table, 'a', 950, 12);
  tell(table, 'b', 40, 2);
  tell(table, 'c', 900, 20);
  expect(chosen(table, 40)).toEqual(['a']);
});

test('a key of which nothing is known is not passed over for one that has something to lose', () => {
  const table = openTable(planOf(keyOf('a'), keyOf('b'), keyOf('c')));
  tell(table, 'a', 900, 2);
  tell(table, 'b', 900, 3);
  expect(chosen(table, 40)).toContain('c');
});
