import { describe, expect, it } from 'vitest';
import { enqueue, nextTicket, serve } from './deadline-queue.ts';
import { patienceOf, readMaxWait } from './patience.ts';
import { projectStart, queueAhead } from './projection.ts';
import { ReleasePace } from './release-pace.ts';
import { aSeat, smallTable } from './waiting-fixture.bench.ts';
import type { WaitingTable } from './waiting-table.ts';

const A = aSeat(['a']);
const B = aSeat(['b']);
const NEW = { deadlineAt: 500, cost: 1 };

function fill(table: WaitingTable, seat: typeof A, count: number, deadlineAt = 100): void {
  for (let call = 0; call < count; call += 1) {
    enqueue(table, seat, { deadlineAt, cost: 1, tokens: 7 }, { now: 0, maxWaiting: 1000 });
  }
}

describe('what is ahead of a call', () => {
  it('is nothing where nobody waits, and its own tenant’s earlier deadlines alone', () => {
    const table = smallTable();
    expect(queueAhead(table, A, NEW)).toEqual({ tickets: 0, tokens: 0 });
    fill(table, A, 5);
    fill(table, A, 3, 900);
    expect(queueAhead(table, A, NEW)).toEqual({ tickets: 5, tokens: 35 });
  });

  it('is of others only what their shares give them in the meantime', () => {
    const table = smallTable();
    fill(table, A, 100);
    // As a newcomer it comes after one of theirs at most, however many there are.
    expect(queueAhead(table, B, NEW).tickets).toBeCloseTo(1, 9);
    fill(table, B, 4);
    expect(queueAhead(table, B, NEW).tickets).toBeCloseTo(4 + 5, 9);
  });

  it('is all of the higher classes and none of the lower', () => {
    const table = smallTable();
    fill(table, aSeat(['low']), 30);
    fill(table, aSeat(['high'], { priority: 3 }), 11);
    expect(queueAhead(table, aSeat(['mid'], { priority: 1 }), NEW).tickets).toBe(11);
  });

  it('agrees with what is served in fact, within a ticket', () => {
    const table = smallTable({ tickets: 300 });
    fill(table, A, 40);
    fill(table, aSeat(['o', 'x'], { weight: 2 }), 40);
    fill(table, aSeat(['o', 'y']), 40);
    const seat = aSeat(['o', 'y']);
    const { tickets } = queueAhead(table, seat, NEW);
    const mine = enqueue(table, seat, { ...NEW, tokens: 7 }, { now: 0, maxWaiting: 1000 });
    let turns = 0;
    for (;;) {
      const next = nextTicket(table, A.pool, { now: 0 });
      if (next === null || next === 'busy' || next.id === mine) break;
      serve(table, next.id);
      turns += 1;
    }
    expect(Math.abs(turns - tickets)).toBeLessThanOrEqual(2);
  });

  it('and the call itself must fit by the instant that is projected', () => {
    const asked: unknown[] = [];
    const start = projectStart({ tickets: 4, tokens: 50 }, { tokens: 8 }, (need) => {
      asked.push(need);
      return 1234;
    });
    expect(start).toBe(1234);
    expect(asked).toEqual([{ tickets: 5, tokens: 58 }]);
  });
});

describe('a caller’s patience', () => {
  it.each([
    [null, null],
    ['0', 0],
    ['2500', 2500],
    [' 10 ', 10],
    ['99999999999999999999', Infinity],
  ])('of %j is %s', (value, ms) => {
    expect(readMaxWait(value)).toEqual({ ok: true, ms });
  });

  it.each(['', '-1', '1.5', '1e3', '10s', 'Infinity', 'NaN', '0x10', '1, 2'])(
    'cannot be read from %j',
    (value) => {
      expect(readMaxWait(value)).toEqual({ ok: false });
    },
  );

  it('is the pool’s where the caller says nothing, and never more than that', () => {
    expect(patienceOf(null, 8000)).toBe(8000);
    expect(patienceOf(2000, 8000)).toBe(2000);
    expect(patienceOf(Infinity, 8000)).toBe(8000);
    expect(patienceOf(5000, 0)).toBe(0);
  });
});

describe('the pace of letting go', () => {
  /** How many are let go until `endMs`, looking each time it opens. */
  function releases(pace: ReleasePace, startMs: number, endMs: number): number {
    let now = startMs;
    let count = 0;
    while (now < endMs) {
      const waitMs = pace.opensInMs(now);
      if (waitMs === 0) {
        pace.release(now);
        count += 1;
      } else now += Math.max(1, waitMs);
    }
    return count;
  }

  it('starts with a few, and lets a thousand go within two seconds', () => {
    const pace = new ReleasePace();
    expect(releases(pace, 5000, 5001)).toBe(8);
    expect(releases(pace, 5001, 5250)).toBeLessThanOrEqual(8);
    expect(releases(pace, 5250, 7000)).toBeGreaterThan(900);
  });

  it('goes back to two when one is refused', () => {
    const pace = new ReleasePace();
    releases(pace, 0, 1500);
    pace.refused(1500);
    expect(releases(pace, 1500, 1501)).toBe(2);
    expect(releases(pace, 1501, 1749)).toBeLessThanOrEqual(2);
  });

  it('starts anew after a rest', () => {
    const pace = new ReleasePace();
    releases(pace, 0, 3000);
    expect(releases(pace, 10_000, 10_001)).toBe(8);
  });
});
