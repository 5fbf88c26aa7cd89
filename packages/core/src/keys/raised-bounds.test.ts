import { describe, expect, test } from 'vitest';
import { needFrom } from './need.ts';
import { observeLimits } from './observe-limits.ts';
import { candidateStart } from './projection.ts';
import { settle, tryReserve, type Reservation } from './reserve.ts';
import { at, candidateOf, keyOf, openTable, planOf } from './table-fixture.bench.ts';
import { SUCCESS, type Verdict } from './verdict.ts';

const REFUSED: Verdict = {
  class: 'window_exhausted_short',
  scope: 'node_group',
  dimension: 'tokens_minute',
  authoritative: true,
  endsInMs: 50_000,
  evidence: '',
};

const LEFT = {
  dimension: 'tokens_minute' as const,
  limit: 10_000,
  remaining: 500,
  resetInMs: 50_000,
  refill: 'window' as const,
};

function hold(table: ReturnType<typeof openTable>, now: number, tokens: number): Reservation {
  const held = tryReserve(table, candidateOf(table, 'a'), now, needFrom({ tokens }));
  if (typeof held === 'string') throw new Error(held);
  return held;
}

/** One long call of 3,000 tokens runs when another of 1,000 is refused, with 500 left. */
function refusedBeside(source: 'header' | 'config') {
  const table = openTable(planOf(keyOf('a')));
  const long = hold(table, 1000, 3000);
  const refused = hold(table, 1001, 1000);
  if (source === 'header') {
    observeLimits(table, refused, [{ ...LEFT, source }], { now: 1100, refused: true });
  }
  settle(table, refused, REFUSED, at(1100));
  return { table, long, candidate: candidateOf(table, 'a') };
}

describe('after a refusal', () => {
  test('what another call gives back is there again for needs that it makes room for', () => {
    const { table, long, candidate } = refusedBeside('header');
    const need = needFrom({ tokens: 1000 });
    expect(tryReserve(table, candidate, 1101, need)).toBe('cooled');
    settle(table, long, SUCCESS, { ...at(2000), charged: [1, 2000, 2000, 0, 0, 0] });
    expect(candidateStart(table, candidate, 2001, need)).toBe(2001);
    expect(tryReserve(table, candidate, 2001, needFrom({ tokens: 2001 }))).toBe('cooled');
    expect(tryReserve(table, candidate, 2001, need)).toMatchObject({ sentAt: 2001 });
  });

  test('a call that used all it was charged gives nothing back, and smaller needs go where the numbers have room', () => {
    const { table, long, candidate } = refusedBeside('header');
    settle(table, long, SUCCESS, { ...at(2000), charged: [1, 3000, 3000, 0, 0, 0] });
    expect(tryReserve(table, candidate, 2001, needFrom({ tokens: 1000 }))).toBe('cooled');
    expect(tryReserve(table, candidate, 2001, needFrom({ tokens: 454 }))).toMatchObject({
      sentAt: 2001,
    });
  });

  test('nothing goes before its end where the provider told no numbers', () => {
    const { table, long, candidate } = refusedBeside('config');
    settle(table, long, SUCCESS, { ...at(2000), charged: [1, 100, 100, 0, 0, 0] });
    expect(tryReserve(table, candidate, 2001, needFrom({ tokens: 1 }))).toBe('cooled');
  });
});
