import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { acquireLock, lockWordOf, releaseLock } from '../limits/record-lock.ts';
import { BudgetTable, type BudgetPeriod } from './budget-table.ts';

const WRITERS = 3;
const DAY: BudgetPeriod = { code: 1, startsAt: 1000 };
const ROW = { slot: 0, generation: 1 };
const budget = (amountMicros: number, period = DAY) => ({ amountMicros, period });

function opened(slots = 2) {
  const buffer = new ArrayBuffer(BudgetTable.bytes(slots, WRITERS));
  const by = (worker: number) => new BudgetTable(buffer, { worker, epoch: 1 }, WRITERS);
  return { buffer, by, table: by(1) };
}

const admitted = (table: BudgetTable, amount: number, micros: number, row = ROW): boolean => {
  const reserved = table.reserve(row, budget(amount), micros);
  if (reserved === 'busy') throw new Error('busy');
  return reserved.admitted;
};

describe('BudgetTable', () => {
  it('admits ten calls of a tenth, whoever of the workers is asked', () => {
    const { by } = opened();
    const tables = [by(0), by(1), by(2)];
    const admissions = Array.from({ length: 50 }, (_, call) =>
      admitted(tables[call % 3] ?? by(0), 1_000_000, 100_000),
    );
    expect(admissions.filter(Boolean)).toHaveLength(10);
    expect(by(0).read(0)).toMatchObject({ spentMicros: 0, heldMicros: 1_000_000 });
  });

  it('takes what a call cost in place of what it held', () => {
    const { table } = opened();
    expect(table.reserve(ROW, budget(100), 60)).toEqual({ admitted: true, leftMicros: 40 });
    expect(table.reserve(ROW, budget(100), 41)).toEqual({ admitted: false, leftMicros: 40 });
    expect(table.settle(ROW, DAY, { heldMicros: 60, costMicros: 10 })).toBe(true);
    expect(table.read(0)).toMatchObject({ spentMicros: 10, heldMicros: 0 });
    expect(admitted(table, 100, 90)).toBe(true);
    // A call may cost more than it held; then nothing is left, not less than nothing.
    table.settle(ROW, DAY, { heldMicros: 90, costMicros: 500 });
    expect(table.reserve(ROW, budget(100), 1)).toEqual({ admitted: false, leftMicros: 0 });
  });

  it('starts anew with each period, and never because a clock went back', () => {
    const { table } = opened();
    table.settle(ROW, DAY, { heldMicros: 0, costMicros: 0 });
    expect(admitted(table, 100, 100)).toBe(true);
    table.settle(ROW, DAY, { heldMicros: 100, costMicros: 100 });
    expect(table.reserve(ROW, budget(100, { code: 1, startsAt: 10 }), 1)).toMatchObject({
      admitted: false,
    });
    const tomorrow = { code: 1, startsAt: 2000 };
    expect(table.reserve(ROW, budget(100, tomorrow), 100)).toMatchObject({ admitted: true });
    expect(table.read(0)).toMatchObject({ startsAt: 2000, spentMicros: 0, heldMicros: 100 });
    const month = { code: 2, startsAt: 500 };
    table.settle(ROW, tomorrow, { heldMicros: 100, costMicros: 70 });
    expect(table.reserve(ROW, budget(100, month), 31)).toEqual({ admitted: false, leftMicros: 30 });
  });

  it('gives a recycled row to its new user alone', () => {
    const { table } = opened();
    expect(admitted(table, 100, 100)).toBe(true);
    const next = { slot: 0, generation: 2 };
    expect(admitted(table, 100, 100, next)).toBe(true);
    expect(admitted(table, 100, 0)).toBe(false);
    table.settle(ROW, DAY, { heldMicros: 100, costMicros: 100 });
    expect(table.read(0)).toMatchObject({ spentMicros: 0, heldMicros: 100 });
  });

  it('books as spent what a dead worker held, undoes what it had begun and opens its lock', () => {
    const { buffer, by } = opened();
    const dying = by(2);
    expect(admitted(dying, 100, 30)).toBe(true);
    expect(admitted(by(1), 100, 20)).toBe(true);
    const before = by(0).read(0);
    // Dies in the middle of settling: the lock taken, one of two cells written.
    const ints = new Int32Array(buffer);
    const row = (BudgetTable.bytes(0, WRITERS) / 8) * 2;
    acquireLock(ints, row, lockWordOf({ worker: 2, epoch: 1 }));
    const floats = new Float64Array(buffer);
    const spent = row / 2 + 3;
    ints[2 * 16 + 1] = spent;
    floats[(WRITERS * 16) / 2 + 2 * 8] = floats[spent] ?? 0;
    ints[2 * 16] = 1;
    floats[spent] = 77;
    expect(by(1).reserve(ROW, budget(100), 1)).toBe('busy');
    expect(by(1).settle(ROW, DAY, { heldMicros: 1, costMicros: 1 })).toBe(false);
    expect(by(0).recover(2)).toEqual({ bookedMicros: 30, locksReleased: 1 });
    expect(by(0).read(0)).toEqual({ ...before, spentMicros: 30, heldMicros: 20 });
    expect(by(0).recover(2)).toEqual({ bookedMicros: 0, locksReleased: 0 });
  });

  it('books later what a dead worker held in a row that somebody else had, and nothing of its successor’s', () => {
    const { buffer, by } = opened();
    expect(admitted(by(2), 100, 30)).toBe(true);
    const main = by(0);
    const ints = new Int32Array(buffer);
    const row = (BudgetTable.bytes(0, WRITERS) / 8) * 2;
    const other = lockWordOf({ worker: 1, epoch: 1 });
    acquireLock(ints, row, other);
    expect(main.recover(2)).toEqual({ bookedMicros: 0, locksReleased: 0 });
    expect(main.bookLate()).toBe(0);
    releaseLock(ints, row, other);
    const successor = new BudgetTable(buffer, { worker: 2, epoch: 2 }, WRITERS);
    expect(admitted(successor, 100, 70)).toBe(true);
    expect(main.bookLate()).toBe(30);
    expect(main.bookLate()).toBe(0);
    expect(main.read(0)).toMatchObject({ spentMicros: 30, heldMicros: 70 });
    successor.settle(ROW, DAY, { heldMicros: 70, costMicros: 0 });
    expect(main.read(0)).toMatchObject({ spentMicros: 30, heldMicros: 0 });
  });

  it('remembers what was spent before, until somebody uses the row', () => {
    const { table } = opened();
    table.restore(ROW, DAY, 90);
    expect(admitted(table, 100, 11)).toBe(false);
    expect(admitted(table, 100, 10)).toBe(true);
    table.restore(ROW, DAY, 0);
    expect(table.read(0)).toMatchObject({ spentMicros: 90, heldMicros: 10 });
  });

  it('has rows only where its buffer has them', () => {
    const { table } = opened(2);
    expect(table.slots).toBe(2);
    for (const slot of [2, -1, 0.5]) {
      expect(() => table.reserve({ slot, generation: 1 }, budget(1), 1)).toThrow(RangeError);
    }
  });

  it('never holds and spends more than the budget while calls cost no more than they hold', () => {
    const step = fc.record({
      worker: fc.nat(2),
      micros: fc.nat(60),
      settle: fc.boolean(),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const { by } = opened();
        const open: { worker: number; micros: number }[] = [];
        let cost = 0;
        for (const { worker, micros, settle, share } of steps) {
          const last = settle ? open.pop() : undefined;
          if (last !== undefined) {
            const costMicros = Math.floor(last.micros * share);
            cost += costMicros;
            by(last.worker).settle(ROW, DAY, { heldMicros: last.micros, costMicros });
          } else if (admitted(by(worker), 100, micros)) open.push({ worker, micros });
          const held = open.reduce((sum, each) => sum + each.micros, 0);
          const state = by(0).read(0);
          expect(state).toMatchObject(
            steps.length > 0 ? { spentMicros: cost, heldMicros: held } : {},
          );
          expect(cost + held).toBeLessThanOrEqual(100);
        }
      }),
    );
  });
});
