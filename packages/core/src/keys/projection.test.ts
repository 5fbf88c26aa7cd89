import { describe, expect, it } from 'vitest';
import { createTried, explain } from './choose.ts';
import type { KeyTable } from './key-table.ts';
import type { LimitObservation } from './limit-observation.ts';
import { needFrom } from './need.ts';
import { observeLimits } from './observe-limits.ts';
import { candidateStart, projectedStart, soonestChange } from './projection.ts';
import { reserve, settle, tryReserve } from './reserve.ts';
import {
  at,
  attempt,
  candidateOf,
  firstTier,
  keyOf,
  openTable,
  planOf,
  retryAfter,
  verdictOf,
} from './table-fixture.bench.ts';
import { SUCCESS } from './verdict.ts';

const twoKeys = (): KeyTable => openTable(planOf(keyOf('a'), keyOf('b')));

function tell(table: KeyTable, key: string, told: Partial<LimitObservation>): void {
  const reservation = reserve(table, candidateOf(table, key), 0);
  if (reservation === null) throw new Error(`${key} cannot be had`);
  const observation: LimitObservation = {
    dimension: 'tokens_minute',
    limit: 6000,
    remaining: 0,
    resetInMs: 60_000,
    reset: 'full_again',
    source: 'header',
    ...told,
  };
  observeLimits(table, reservation, [observation], { now: 0 });
  settle(table, reservation, SUCCESS, { ...at(0), charged: [1, 0, 0, 0, 0, 0] });
}

describe('projectedStart', () => {
  const need = needFrom({ tokens: 600 });
  const start = (table: KeyTable, now = 0) =>
    projectedStart(table, firstTier(table), { now, need });

  it('is now while one can take the need', () => {
    expect(start(twoKeys())).toBe(0);
  });

  it('is when enough has come back, or a window begins anew, whichever is first', () => {
    const table = twoKeys();
    tell(table, 'a', { refill: 'continuous' });
    tell(table, 'b', { resetInMs: 4000, refill: 'window' });
    expect(candidateStart(table, candidateOf(table, 'a'), 0, need)).toBeCloseTo(6690);
    expect(start(table)).toBe(4000);
    expect(typeof tryReserve(table, candidateOf(table, 'b'), 4000, need)).toBe('object');
  });

  it('is the end of the last cooldown of the candidate that is free first', () => {
    const table = twoKeys();
    attempt(table, 'a', retryAfter(9000), 0);
    settleCooled(table, 'b');
    expect(start(table)).toBeGreaterThanOrEqual(7000);
    expect(start(table)).toBeLessThan(8000);
  });

  it('is never where no limit would ever hold it', () => {
    const table = twoKeys();
    tell(table, 'a', { limit: 500, remaining: 500 });
    tell(table, 'b', { limit: 599, remaining: 0 });
    expect(start(table)).toBeNull();
    expect(explain(table, firstTier(table), createTried(), { now: 0, need })).toMatchObject({
      eligible: 0,
      blocked: 'too_large',
      nextInMs: null,
      excluded: [{ why: 'too_large_for_limit' }, { why: 'too_large_for_limit' }],
    });
  });

  it('is never where the model cannot take it, however much its keys have left', () => {
    const table = twoKeys();
    const unfit = { ...need, unfit: 'no_vision' } as const;
    const needs = { of: ({ key }: { key: { id: string } }) => (key.id === 'a' ? unfit : need) };
    tell(table, 'b', { resetInMs: 4000, refill: 'window' });
    expect(projectedStart(table, firstTier(table), { now: 0, needs })).toBe(4000);
    expect(candidateStart(table, candidateOf(table, 'a'), 0, unfit)).toBe(Infinity);
  });

  it('is where explain says so too: too little left is a matter of time', () => {
    const table = twoKeys();
    tell(table, 'a', { refill: 'continuous' });
    tell(table, 'b', { limit: 500, remaining: 500 });
    expect(explain(table, firstTier(table), createTried(), { now: 0, need })).toMatchObject({
      eligible: 0,
      blocked: 'time',
      nextInMs: expect.closeTo(6690),
      excluded: [{ key: 'a', why: 'window_exhausted_short', scope: 'node_group' }, { key: 'b' }],
    });
  });
});

function settleCooled(table: KeyTable, key: string): void {
  const [first, second] = [1, 2].map(() => reserve(table, candidateOf(table, key), 0));
  if (!first || !second) throw new Error('not had');
  settle(table, first, retryAfter(7000, { dimension: 'requests_minute' }), at(0));
  settle(table, second, retryAfter(2000, { dimension: 'tokens_minute' }), at(0));
}

describe('a refusal that names no end', () => {
  const refusal = verdictOf('window_exhausted_short', {
    dimension: 'tokens_minute',
    refusedNeed: 600,
  });

  it('lasts until the refused need has come back, where what comes back is known', () => {
    const table = twoKeys();
    tell(table, 'a', { refill: 'continuous', remaining: 3000, resetInMs: 30_000 });
    const refused = tryReserve(table, candidateOf(table, 'a'), 0, needFrom({ tokens: 600 }));
    if (typeof refused === 'string') throw new Error(refused);
    const [change] = settle(table, refused, refusal, at(0, 0));
    // One token is missing, and what is kept back: the provider refused what should have fitted.
    expect(change?.endsAt).toBeCloseTo(at(0).wallNow + 700, 0);
    const later = tryReserve(table, candidateOf(table, 'a'), 701, needFrom({ tokens: 600 }));
    expect(typeof later).toBe('object');
  });

  it('lasts until the window’s reset, never earlier and by a little chance later', () => {
    for (const random of [0, 0.5, 0.999]) {
      const table = twoKeys();
      tell(table, 'a', { refill: 'window', remaining: 5000, resetInMs: 20_000 });
      const refused = tryReserve(table, candidateOf(table, 'a'), 0, needFrom({ tokens: 600 }));
      if (typeof refused === 'string') throw new Error(refused);
      const [change] = settle(table, refused, refusal, at(0, random));
      expect((change?.endsAt ?? 0) - at(0).wallNow).toBeCloseTo(20_000 + random * 1000);
    }
  });

  it('lasts until the latest reset of what has too little left, where it names no dimension', () => {
    const table = twoKeys();
    const reservation = reserve(table, candidateOf(table, 'a'), 0);
    if (reservation === null) throw new Error('not had');
    const told = { limit: 100, source: 'header', refill: 'window' } as const;
    observeLimits(
      table,
      reservation,
      [
        { ...told, dimension: 'requests_minute', remaining: 0, resetInMs: 8000 },
        { ...told, dimension: 'requests_day', remaining: 0, resetInMs: 15_000 },
        { ...told, dimension: 'tokens_minute', remaining: 100, resetInMs: 50_000 },
      ],
      { now: 0, refused: true },
    );
    const unnamed = verdictOf('window_exhausted_short', { dimension: 'unknown' });
    const [change] = settle(table, reservation, unnamed, at(0, 0));
    expect(change?.endsAt).toBe(at(0).wallNow + 15_000);
  });

  it('teaches the limit beside which a request was too large, and others are still served', () => {
    const table = twoKeys();
    const large = needFrom({ tokens: 5000 });
    const refused = tryReserve(table, candidateOf(table, 'a'), 0, large);
    if (typeof refused === 'string') throw new Error(refused);
    const verdict = verdictOf('too_large_for_limit', {
      scope: 'none',
      dimension: 'tokens_minute',
      limit: 3000,
    });
    expect(settle(table, refused, verdict, at(0))).toEqual([]);
    expect(tryReserve(table, candidateOf(table, 'a'), 1, large)).toBe('too_large');
    expect(typeof tryReserve(table, candidateOf(table, 'b'), 1, large)).toBe('object');
    const small = tryReserve(table, candidateOf(table, 'a'), 1, needFrom({ tokens: 3000 }));
    expect(typeof small).toBe('object');
  });
});

describe('soonestChange', () => {
  it('is the first end of a cooldown, a window’s begin, or one token that comes back', () => {
    const table = twoKeys();
    const change = (now: number) => soonestChange(table, firstTier(table), now);
    expect(change(0)).toBeNull();
    attempt(table, 'a', retryAfter(9000), 0);
    expect(change(0)).toBeGreaterThanOrEqual(9000);
    tell(table, 'b', { refill: 'window', resetInMs: 5000 });
    expect(change(0)).toBe(5000);
    const other = twoKeys();
    tell(other, 'b', { refill: 'continuous', dimension: 'requests_minute', limit: 60 });
    expect(soonestChange(other, firstTier(other), 0)).toBeCloseTo(1090);
  });
});
