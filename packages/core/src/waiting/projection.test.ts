import { describe, expect, it } from 'vitest';
import { enqueue, nextTicket, serve } from './turn-queue.ts';
import { patienceOf, readMaxWait } from './patience.ts';
import type { PoolCapacity, PooledLimit } from './pool-capacity.ts';
import { projectStart, queueAhead, startsInTime } from './projection.ts';
import { ReleasePace } from './release-pace.ts';
import { aSeat, smallTable, costs } from './waiting-fixture.bench.ts';
import type { WaitingTable } from './waiting-table.ts';

const A = aSeat(['a']);
const B = aSeat(['b']);
const NEW = { turnAt: 500, cost: costs(1) };

function fill(table: WaitingTable, seat: typeof A, count: number, turnAt = 100): void {
  for (let call = 0; call < count; call += 1) {
    enqueue(table, seat, { turnAt, cost: costs(1), tokens: 7 }, { now: 0, maxWaiting: 1000 });
  }
}

describe('what is ahead of a call', () => {
  it('is nothing where nobody waits, and its own tenant’s earlier turns alone', () => {
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
});

describe('when a pool has brought back what is needed', () => {
  const minute = (limit: number, more: Partial<PooledLimit> = {}): PooledLimit => ({
    counts: 'tokens',
    limit,
    remaining: 0,
    refill: 'continuous',
    lengthMs: 60_000,
    resetInMs: 60_000,
    rate: limit / 60_000,
    isLearned: false,
    ...more,
  });
  /** After so many tokens of five calls, for a call of a hundred. */
  const inTurn = (
    capacity: Pick<PoolCapacity, 'requests' | 'tokens'>,
    { now = 0, alone = 0, ahead = 400 } = {},
  ): number =>
    projectStart(alone, { tickets: 5, tokens: ahead }, { tokens: 100, capacity, now }).inTurn;

  it('is when the slower of requests and tokens has, for the call itself too', () => {
    expect(inTurn({ requests: minute(60), tokens: minute(6000) }, { now: 100 })).toBe(6100);
    expect(inTurn({ requests: minute(600), tokens: minute(6000) }, { now: 100 })).toBe(5100);
  });

  it('is sooner where something is left, and never before the call fits', () => {
    const left = { requests: null, tokens: minute(6000, { remaining: 300 }) };
    expect(inTurn(left)).toBe(2000);
    expect(inTurn(left, { ahead: 100 })).toBe(0);
    expect(inTurn(left, { alone: 2500 })).toBe(2500);
  });

  it('is not known where nothing is told, or where windows end apart', () => {
    const none = { requests: null, tokens: null };
    expect(inTurn(none, { now: 70 })).toBe(70);
    expect(inTurn({ ...none, requests: minute(60, { isLearned: true }) }, { now: 70 })).toBe(70);
    expect(inTurn({ ...none, requests: minute(60, { refill: 'window' }) }, { now: 70 })).toBe(70);
  });
});

describe('whether a call starts in time', () => {
  const at = { now: 1000, deadlineAt: 5000 };

  it.each([
    { alone: 1000, inTurn: 1000, inTime: true, of: 'nobody is before it' },
    { alone: 5000, inTurn: 5000, inTime: true, of: 'it fits at the last moment' },
    { alone: 5001, inTurn: 5001, inTime: false, of: 'nothing comes back in time, whoever waits' },
    { alone: 1000, inTurn: 6900, inTime: true, of: 'the queue may be shorter than it seems' },
    { alone: 1000, inTurn: 7001, inTime: false, of: 'the queue takes half as long again' },
  ])('$inTime where $of', ({ alone, inTurn, inTime }) => {
    expect(startsInTime({ alone, inTurn }, at)).toBe(inTime);
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
    expect(releases(pace, 5000, 5001)).toBe(12);
    expect(releases(pace, 5001, 5250)).toBeLessThanOrEqual(12);
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
    expect(releases(pace, 10_000, 10_001)).toBe(12);
  });
});
