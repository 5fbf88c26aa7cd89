import { describe, expect, it } from 'vitest';
import type { KeyTable } from '../keys/key-table.ts';
import type { LimitObservation } from '../keys/limit-observation.ts';
import { needFrom } from '../keys/need.ts';
import { observeLimits } from '../keys/observe-limits.ts';
import { settle } from '../keys/reserve.ts';
import {
  at,
  candidateOf,
  firstTier,
  keyOf,
  openTable,
  planOf,
  send,
} from '../keys/table-fixture.bench.ts';
import { SUCCESS } from '../keys/verdict.ts';
import type { Earmark } from './turn-queue.ts';
import { domainsToLeave, placeToKeep } from './kept-domains.ts';

/** Keys of 6,000 tokens a minute, of which ten come back every 100 ms, with so many left. */
function keysWith(left: Readonly<Record<string, number>>, more: Partial<LimitObservation> = {}) {
  const table = openTable(planOf(...Object.keys(left).map((id) => keyOf(id))));
  for (const [key, remaining] of Object.entries(left)) {
    const reservation = send(table, key, 0);
    const told: LimitObservation = {
      dimension: 'tokens_minute',
      limit: 6000,
      remaining,
      resetInMs: (6000 - remaining) * 10,
      reset: 'full_again',
      refill: 'continuous',
      source: 'header',
      ...more,
    };
    observeLimits(table, reservation, [told], { now: 0 });
    settle(table, reservation, SUCCESS, { ...at(0), charged: [1, 0, 0, 0, 0, 0] });
  }
  return table;
}

const keep = (table: KeyTable, tokens: number, deadlineAt: number, kept: readonly Earmark[] = []) =>
  placeToKeep(table, firstTier(table).candidates, {
    now: 0,
    need: needFrom({ tokens }),
    deadlineAt,
    kept,
  });

const leave = (table: KeyTable, tokens: number, mark: Earmark) =>
  domainsToLeave(table, [mark], { now: 0, need: needFrom({ tokens }) });

/** A ticket for which refill of key a is put aside as soon as it fits. */
function markOf(table: KeyTable, tokens: number): Earmark {
  const place = keep(table, tokens, Infinity);
  if (place === null) throw new Error('nothing comes back');
  return { ...place, tokens };
}

describe('the place that is kept for a call', () => {
  it('is where it fits first', () => {
    const table = keysWith({ a: 0, b: 900 });
    expect(keep(table, 1000, 60_000)?.candidate).toBe(candidateOf(table, 'b').index);
  });

  it('is another domain where one is kept for somebody else, and none where all are', () => {
    const table = keysWith({ a: 0, b: 900 });
    const first = markOf(table, 1000);
    const second = { ...markOf(table, 1000), candidate: candidateOf(table, 'a').index };
    expect(keep(table, 1000, 60_000, [first])?.candidate).toBe(second.candidate);
    expect(keep(table, 1000, 60_000, [first, second])).toBeNull();
  });

  it('is none where nothing comes back before its deadline', () => {
    expect(keep(keysWith({ a: 0, b: 0 }), 1000, 5000)).toBeNull();
  });
});

describe('a call that comes after one that does not fit yet', () => {
  it('leaves the domain alone that is kept for it', () => {
    const table = keysWith({ a: 800 });
    expect(leave(table, 100, markOf(table, 1000))).toEqual([candidateOf(table, 'a').domain]);
  });

  it('may go elsewhere', () => {
    const table = keysWith({ a: 800, b: 400 });
    expect(leave(table, 100, markOf(table, 1000))).toEqual([candidateOf(table, 'a').domain]);
  });

  it('may take what is left of a window, where both fit in the next one', () => {
    const table = keysWith(
      { a: 800 },
      { reset: 'window_end', refill: 'window', resetInMs: 10_000 },
    );
    expect(leave(table, 100, markOf(table, 1000))).toEqual([]);
    expect(leave(table, 5500, markOf(table, 1000))).toHaveLength(1);
  });
});
