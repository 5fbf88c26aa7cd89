import { array, assert, boolean, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aSeat, smallTable } from './waiting-fixture.bench.ts';
import { correctWindow, noteDemand, shareOfWindow, takeOfWindow } from './window-shares.ts';

const A = aSeat(['a']);
const B = aSeat(['b']);
const LENGTH_MS = 60_000;

/** A window of so many calls that its tenants use up; nobody else uses it. */
function aWindow(calls: number) {
  let used = 0;
  const cost = 1 / calls;
  return {
    cost,
    left: () => calls - used,
    at: (now: number) => ({
      now,
      window: { endsAt: LENGTH_MS, lengthMs: LENGTH_MS, remaining: (calls - used) * cost },
    }),
    take(table: ReturnType<typeof smallTable>, seat: typeof A, now: number): boolean {
      noteDemand(table, seat, cost, now);
      const fits = used < calls && takeOfWindow(table, seat, cost, this.at(now));
      if (fits) used += 1;
      return fits;
    },
  };
}

describe('a window that several tenants share', () => {
  it('is one tenant’s alone while no other is active', () => {
    const table = smallTable();
    const window = aWindow(100);
    const taken = Array.from({ length: 120 }, () => window.take(table, A, 10));
    expect(taken.filter(Boolean)).toHaveLength(100);
  });

  it('serves a small tenant its whole need, though another floods from the start', () => {
    const table = smallTable();
    const window = aWindow(600);
    let servedB = 0;
    let askedB = 0;
    for (let second = 0; second < 60; second += 1) {
      for (let call = 0; call < 100; call += 1) window.take(table, A, second * 1000);
      askedB += 2;
      for (let call = 0; call < 2; call += 1) {
        if (window.take(table, B, second * 1000 + 500)) servedB += 1;
      }
    }
    expect(servedB).toBe(askedB);
    // And what it does not need is not kept from the other.
    expect(window.left()).toBeLessThan(60);
  });

  it('keeps for another what its peak demand could still take, and no more near the end', () => {
    const table = smallTable();
    const window = aWindow(100);
    for (let call = 0; call < 5; call += 1) window.take(table, B, 0);
    let early = 0;
    while (window.take(table, A, 1000)) early += 1;
    expect(early).toBeGreaterThanOrEqual(49);
    expect(early).toBeLessThan(75);
    // Half a second before the end B could take one or two.
    noteDemand(table, B, window.cost, 59_000);
    let late = 0;
    while (window.take(table, A, 59_500)) late += 1;
    expect(window.left()).toBeLessThanOrEqual(2);
    expect(late).toBeGreaterThan(20);
  });

  it('never keeps a tenant from its own share', () => {
    assert(
      property(array(boolean(), { minLength: 50, maxLength: 400 }), (calls) => {
        const table = smallTable();
        const window = aWindow(100);
        const taken = { a: 0, b: 0 };
        noteDemand(table, A, window.cost, 0);
        noteDemand(table, B, window.cost, 0);
        for (const ofA of calls) {
          const before = window.left();
          const got = window.take(table, ofA ? A : B, 10);
          const name = ofA ? 'a' : 'b';
          expect(got || before === 0 || taken[name] >= 50).toBe(true);
          if (got) taken[name] += 1;
        }
        expect(taken.a + taken.b).toBeLessThanOrEqual(100);
      }),
      { numRuns: 100 },
    );
  });

  it('shares inside an organization as well, and an organization answers for all of its own', () => {
    const x1 = aSeat(['x', 'x1']);
    const x2 = aSeat(['x', 'x2']);
    const takeAll = (seats: readonly (typeof A)[]): number[] => {
      const table = smallTable();
      const window = aWindow(100);
      for (const seat of seats) {
        for (let call = 0; call < 20; call += 1) noteDemand(table, seat, window.cost, 0);
      }
      return seats.map((seat) => {
        let taken = 0;
        while (window.take(table, seat, 100)) taken += 1;
        return taken;
      });
    };
    // Up to 70 nobody is held back; what is left then is the neighbour's.
    expect(takeAll([x1, x2])).toEqual([70, 30]);
    // With another organization beside it, x has had more than its half by then, whoever of it that was.
    expect(takeAll([x1, x2, B])).toEqual([70, 0, 30]);
  });

  it('tells a consumer its part, level by level', () => {
    const table = smallTable();
    const window = aWindow(100);
    for (const path of [['b'], ['x', 'x1'], ['x', 'x2']]) {
      expect(window.take(table, aSeat(path), 0)).toBe(true);
    }
    const told = shareOfWindow(table, aSeat(['x', 'x2']), window.at(100));
    expect(told).toEqual({ share: 0.25, used: window.cost });
    expect(shareOfWindow(table, aSeat(['nobody']), window.at(100))).toEqual({ share: 1, used: 0 });
  });

  it('forgets a window that has ended, and gives back what was not used', () => {
    const table = smallTable();
    const window = aWindow(10);
    for (let call = 0; call < 6; call += 1) window.take(table, A, 10);
    correctWindow(table, A, -3 * window.cost, window.at(10).window);
    const { used } = shareOfWindow(table, A, window.at(10));
    expect(used).toBeCloseTo(0.3, 9);
    const next = { now: 61_000, window: { endsAt: 120_000, lengthMs: LENGTH_MS, remaining: 1 } };
    expect(shareOfWindow(table, A, next).used).toBe(0);
    // The same end, told a little later, is still the same window.
    const again = { now: 20, window: { endsAt: 60_900, lengthMs: LENGTH_MS, remaining: 0.7 } };
    expect(shareOfWindow(table, A, again).used).toBeCloseTo(0.3, 9);
  });
});
