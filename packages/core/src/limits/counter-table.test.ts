import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CounterTable, type Taken } from './counter-table.ts';
import { acquireLock, lockWordOf } from './record-lock.ts';

const opened = (slots = 4) => {
  const buffer = new ArrayBuffer(CounterTable.bytes(slots));
  return { buffer, table: new CounterTable(buffer, { worker: 1, epoch: 1 }) };
};

function take(
  table: CounterTable,
  limit: number,
  now: number,
  row = { slot: 0, generation: 1 },
): Taken {
  const taken = table.takeRequest(row.slot, row.generation, limit, now);
  if (taken === 'busy') throw new Error('busy');
  return taken;
}

describe('CounterTable', () => {
  it('admits the limit, then refuses until the oldest request has left the minute', () => {
    const { table } = opened();
    expect(take(table, 2, 500)).toEqual({
      admitted: true,
      remaining: 1,
      retryAfterMs: 0,
      resetMs: 60_500,
    });
    expect(take(table, 2, 5500)).toEqual({
      admitted: true,
      remaining: 0,
      retryAfterMs: 55_500,
      resetMs: 60_500,
    });
    expect(take(table, 2, 6000)).toEqual({
      admitted: false,
      remaining: 0,
      retryAfterMs: 55_000,
      resetMs: 60_000,
    });
    expect(take(table, 2, 60_999).admitted).toBe(false);
    expect(take(table, 2, 61_000).admitted).toBe(true);
  });

  it('never admits more than the limit in any 60 s, and says truly when the next is admitted', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.array(fc.nat(25_000), { minLength: 1, maxLength: 120 }),
        (limit, waits) => {
          const { table } = opened();
          const admitted: number[] = [];
          let now = 0;
          let refused: Taken | null = null;
          let brokenPromises = 0;
          for (const waitMs of waits) {
            now += refused?.retryAfterMs ?? waitMs;
            const taken = take(table, limit, now);
            if (refused !== null && !taken.admitted) brokenPromises += 1;
            refused = taken.admitted ? null : taken;
            if (taken.admitted) admitted.push(now);
          }
          const inAnyMinute = admitted.map(
            (end) => admitted.filter((instant) => instant > end - 60_000 && instant <= end).length,
          );
          expect(Math.max(...inAnyMinute)).toBeLessThanOrEqual(limit);
          expect(brokenPromises).toBe(0);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('frees nobody by a clock reading that is older than the newest', () => {
    const { table } = opened();
    expect(take(table, 1, 70_000).admitted).toBe(true);
    expect(take(table, 1, 5000).admitted).toBe(false);
    expect(take(table, 1, 131_000).admitted).toBe(true);
  });

  it('starts a recycled slot empty for its new consumer and refuses the one that is gone', () => {
    const { table } = opened();
    take(table, 1, 0, { slot: 2, generation: 7 });
    expect(take(table, 1, 1, { slot: 2, generation: 7 }).admitted).toBe(false);
    expect(take(table, 1, 2, { slot: 2, generation: 8 })).toMatchObject({
      admitted: true,
      remaining: 0,
    });
    expect(take(table, 1, 3, { slot: 2, generation: 7 })).toEqual({
      admitted: false,
      remaining: 0,
      retryAfterMs: 1000,
      resetMs: 1000,
    });
    expect(take(table, 1, 4, { slot: 3, generation: 1 }).admitted).toBe(true);
  });

  it('refuses everything at a limit of zero and follows a limit that was lowered', () => {
    const { table } = opened();
    expect(take(table, 0, 0).admitted).toBe(false);
    for (let second = 0; second < 10; second += 1) take(table, 10, second * 1000);
    const lowered = take(table, 4, 10_000);
    expect(lowered).toMatchObject({ admitted: false, remaining: 0, retryAfterMs: 57_000 });
    expect(take(table, 4, 67_000).admitted).toBe(true);
  });

  it('is busy while another worker holds the row, and free once that worker was recovered', () => {
    const { table, buffer } = opened();
    acquireLock(new Int32Array(buffer), 64, lockWordOf({ worker: 2, epoch: 3 }));
    expect(table.takeRequest(1, 1, 5, 0)).toBe('busy');
    expect(CounterTable.recover(buffer, 1)).toBe(0);
    expect(CounterTable.recover(buffer, 2)).toBe(1);
    expect(take(table, 5, 0, { slot: 1, generation: 1 }).admitted).toBe(true);
  });

  it('keeps counts and generations in a larger table', () => {
    const { table, buffer } = opened(2);
    take(table, 1, 0, { slot: 1, generation: 3 });
    const larger = opened(8);
    CounterTable.carryOver(buffer, larger.buffer);
    expect(take(larger.table, 1, 1, { slot: 1, generation: 3 }).admitted).toBe(false);
    expect(take(larger.table, 1, 1, { slot: 7, generation: 1 }).admitted).toBe(true);
  });

  it.each([-1, 4, 0.5, Number.NaN])('throws for slot %d, which it does not have', (slot) => {
    expect(() => opened().table.takeRequest(slot, 1, 1, 0)).toThrow(RangeError);
  });
});
