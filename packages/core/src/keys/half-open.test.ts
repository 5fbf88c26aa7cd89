import { describe, expect, it } from 'vitest';
import { choose, createTried, explain } from './choose.ts';
import { initKeyTable, openKeyTable, type KeyTable } from './key-table.ts';
import { projectedStart } from './projection.ts';
import { carryOver, clearCooldowns, listCooldowns, recoverWorker } from './recover.ts';
import { noteFirstContent, reserve, settle, type Reservation } from './reserve.ts';
import {
  at,
  attempt,
  candidateOf,
  eligibleKeys,
  firstTier,
  keyOf,
  openTable,
  planOf,
  retryAfter,
  seededRandom,
  verdictOf,
  WALL_START,
} from './table-fixture.bench.ts';
import { SUCCESS, UNJUDGED, type Verdict } from './verdict.ts';

const funds = verdictOf('funds_exhausted', { scope: 'node' });
const dead = verdictOf('credential_dead', { scope: 'key' });
const FIRST_END = 300_000;

/** A key whose funds were found gone at 0, by a guess of five minutes. */
function dryKey(verdict: Verdict = funds): KeyTable {
  const table = openTable(planOf(keyOf('a'), keyOf('b')));
  attempt(table, 'a', verdict, 0);
  return table;
}

function look(table: KeyTable, now: number): Reservation {
  const taken = reserve(table, candidateOf(table, 'a'), now);
  if (taken === null) throw new Error(`a cannot be had at ${now}`);
  return taken;
}

const endOf = (table: KeyTable, now: number): number =>
  Math.max(0, ...listCooldowns(table, at(now)).map(({ endsAt }) => endsAt - WALL_START));

describe('after a guess that lasts', () => {
  it('one attempt looks, and nobody else is let through until it has brought content', () => {
    const table = dryKey();
    const one = look(table, FIRST_END + 1);
    expect(one.probing).toBe(true);
    expect(reserve(table, candidateOf(table, 'a'), FIRST_END + 2)).toBeNull();
    expect(eligibleKeys(table, FIRST_END + 2)).toEqual(['b']);
    noteFirstContent(table, one, FIRST_END + 3);
    expect(noteFirstContent(table, one, FIRST_END + 4)).toEqual([]);
    const other = look(table, FIRST_END + 5);
    expect(other.probing).toBe(false);
    settle(table, one, SUCCESS, at(FIRST_END + 6));
    expect(listCooldowns(table, at(FIRST_END + 7))).toEqual([]);
  });

  it('nobody else is told to come back when its time is over: it may end any moment', () => {
    const table = openTable(planOf(keyOf('a')));
    attempt(table, 'a', funds, 0);
    look(table, FIRST_END + 1);
    const now = FIRST_END + 2;
    expect(explain(table, firstTier(table), createTried(), { now })).toMatchObject({
      eligible: 0,
      nextInMs: 1000,
      blocked: 'time',
    });
    expect(projectedStart(table, firstTier(table), { now })).toBe(now + 1000);
    // The last of its minute is less than a second.
    const late = FIRST_END + 60_000;
    expect(projectedStart(table, firstTier(table), { now: late })).toBe(late + 1);
  });

  it('the same refusal sets it again, for twice as long', () => {
    const table = dryKey();
    const now = FIRST_END + 1;
    settle(table, look(table, now), funds, at(now));
    expect(endOf(table, now) - now).toBe(600_000);
    expect(eligibleKeys(table, now + 1)).toEqual(['b']);
  });

  it.each([
    ['the caller’s fault', verdictOf('caller_fault', { scope: 'none' })],
    ['a caller that left', UNJUDGED],
    ['another refusal', verdictOf('unknown', { scope: 'none' })],
  ])('%s frees the look unjudged: the next one looks', (_, verdict) => {
    const table = dryKey();
    const now = FIRST_END + 1;
    settle(table, look(table, now), verdict, at(now));
    const next = look(table, now + 1);
    expect(next.probing).toBe(true);
    settle(table, next, funds, at(now + 1));
    expect(endOf(table, now + 1) - now - 1).toBe(600_000);
  });

  it('a look that takes longer than a minute gives way to the next', () => {
    const table = dryKey();
    const slow = look(table, FIRST_END + 1);
    expect(reserve(table, candidateOf(table, 'a'), FIRST_END + 60_000)).toBeNull();
    const next = look(table, FIRST_END + 60_002);
    expect(next.probing).toBe(true);
    settle(table, slow, UNJUDGED, at(FIRST_END + 60_003));
    expect(reserve(table, candidateOf(table, 'a'), FIRST_END + 60_004)).toBeNull();
  });

  it('a look of a worker that died is free again', () => {
    const plan = planOf(keyOf('a'));
    const buffer = new ArrayBuffer(plan.byteLength(3));
    initKeyTable(plan, buffer);
    const dying = openKeyTable(plan, buffer, { worker: 1, epoch: 1 });
    const living = openKeyTable(plan, buffer, { worker: 2, epoch: 1 });
    attempt(dying, 'a', dead, 0);
    const later = 900_001;
    expect(look(dying, later).probing).toBe(true);
    expect(reserve(living, candidateOf(living, 'a'), later)).toBeNull();
    recoverWorker(plan, buffer, 1);
    expect(look(living, later).probing).toBe(true);
  });

  it('is not needed where the provider named the end, but for funds', () => {
    const named = { authoritative: true, endsInMs: 60_000 };
    const window = dryKey(retryAfter(60_000));
    expect(look(window, 70_000).probing).toBe(false);
    const dated = dryKey({ ...funds, ...named });
    const one = look(dated, 70_000);
    expect(one.probing).toBe(true);
    settle(dated, one, { ...funds, ...named }, at(70_000, 0));
    expect(endOf(dated, 70_000) - 70_000).toBe(3_600_000);
  });

  it('is not taken with a credential that was reported as leaked: it rests until it is replaced, or a hand frees it', () => {
    const leaked: Verdict = { ...dead, probe: 'never' };
    const table = dryKey(leaked);
    const month = 30 * 86_400_000;
    expect(reserve(table, candidateOf(table, 'a'), 900_001)).toBeNull();
    expect(reserve(table, candidateOf(table, 'a'), month)).toBeNull();
    clearCooldowns(table, { key: 'a' }, at(month + 2));
    expect(eligibleKeys(table, month + 3)).toEqual(['a', 'b']);
  });

  it('is kept from a leaked credential in an incident of the provider as well', () => {
    const table = openTable(planOf(keyOf('a'), keyOf('b'), keyOf('c')));
    attempt(table, 'a', { ...dead, probe: 'never' }, 0);
    attempt(table, 'b', dead, 1);
    attempt(table, 'c', dead, 2);
    expect(eligibleKeys(table, 3)).toEqual(['b', 'c']);
  });

  it('holds in the next table too, where nobody is looking yet', () => {
    const before = dryKey();
    look(before, FIRST_END + 1);
    const after = openTable(planOf(keyOf('b'), keyOf('a')));
    carryOver(before, after);
    const next = look(after, FIRST_END + 2);
    expect(next.probing).toBe(true);
    expect(reserve(after, candidateOf(after, 'a'), FIRST_END + 3)).toBeNull();
  });

  it('a breaker opens again by the one attempt that looked', () => {
    const table = openTable(planOf(keyOf('a')));
    const overloaded = verdictOf('provider_overloaded', { scope: 'endpoint_group' });
    for (let turn = 0; turn < 20; turn += 1) attempt(table, 'a', overloaded, 0);
    expect(endOf(table, 0)).toBe(1000);
    const one = look(table, 1001);
    expect(one.probing).toBe(true);
    expect(reserve(table, candidateOf(table, 'a'), 1001)).toBeNull();
    settle(table, one, overloaded, at(1001));
    expect(endOf(table, 1001) - 1001).toBe(2000);
  });
});

describe('what comes back from a guess', () => {
  const sharesOf = (table: KeyTable, now: number): number => {
    const random = seededRandom(5);
    let chosen = 0;
    for (let draw = 0; draw < 4000; draw += 1) {
      const key = choose(table, firstTier(table), createTried(), { now, random })?.key.id;
      if (key === 'a') chosen += 1;
    }
    return chosen / 4000;
  };

  it('is given its share little by little, within half a minute', () => {
    const table = dryKey();
    const now = FIRST_END + 1;
    settle(table, look(table, now), SUCCESS, at(now));
    const shares = [1000, 15_000, 30_000].map((later) => sharesOf(table, now + later));
    expect(shares[0]).toBeLessThan(0.15);
    expect(shares[1]).toBeGreaterThan(0.2);
    expect(shares[1]).toBeLessThan(0.45);
    expect(shares[2]).toBeGreaterThan(0.45);
  });

  it('has all of it at once where the provider had named the end', () => {
    const table = dryKey(retryAfter(300_000));
    const now = 330_000;
    settle(table, look(table, now), SUCCESS, at(now));
    expect(sharesOf(table, now + 1)).toBeGreaterThan(0.45);
  });
});
