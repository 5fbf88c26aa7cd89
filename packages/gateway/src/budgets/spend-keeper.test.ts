import { BudgetTable } from '@keywell/core/budgets/budget-table';
import type { StoredSpend } from '@keywell/core/budgets/spend';
import type { ConsumerRecord } from '@keywell/core/snapshot/snapshot';
import { aSnapshot } from '@keywell/testkit/a-snapshot';
import { describe, expect, it } from 'vitest';
import { Budgets } from './budgets.ts';
import { SpendKeeper } from './spend-keeper.ts';

const WRITERS = 2;
const NOON = Date.UTC(2026, 10, 25, 12);
const TODAY = Date.UTC(2026, 10, 25);
const BUDGET = { amountMicros: 100, period: 'day' } as const;
const WEB = { id: 'web', slot: 0, generation: 1, budget: BUDGET };

const snapshotOf = (...consumers: readonly Partial<ConsumerRecord>[]) => aSnapshot({ consumers });

function opened(
  kept: readonly StoredSpend[] = [],
  consumers: readonly Partial<ConsumerRecord>[] = [WEB],
) {
  const clock = { wallNow: NOON };
  const keeper = new SpendKeeper(snapshotOf(...consumers), WRITERS, kept, () => clock.wallNow);
  const writer = { worker: 1, epoch: 1 };
  const budgets = new Budgets(keeper.cells, writer, WRITERS, () => clock.wallNow);
  const saved: StoredSpend[][] = [];
  const keep = (works = true): readonly StoredSpend[] => {
    let given: readonly StoredSpend[] = [];
    keeper.keep((changes) => {
      given = changes;
      if (works) saved.push([...changes]);
      return works;
    });
    return given;
  };
  return { clock, keeper, budgets, keep };
}

describe('what is kept of spend', () => {
  it('is what changed since the last time, calls in flight included, until it could be written', () => {
    const { budgets, keep } = opened();
    expect(keep()).toEqual([]);
    budgets.reserve(WEB, 30);
    const spend = { consumer: 'web', startsAt: TODAY, spentMicros: 30 };
    expect(keep(false)).toEqual([spend]);
    expect(keep()).toEqual([spend]);
    expect(keep()).toEqual([]);
    budgets.settle({ consumer: WEB, heldMicros: 30, costMicros: 12 });
    expect(keep()).toEqual([{ ...spend, spentMicros: 12 }]);
  });

  it('comes back for a consumer that has left and returned, under whatever slot, and not in a new period', () => {
    const { clock, keeper, budgets } = opened();
    budgets.reserve(WEB, 30);
    budgets.settle({ consumer: WEB, heldMicros: 30, costMicros: 40 });
    keeper.publish(snapshotOf());
    expect(keeper.status()).toEqual([]);
    const back = { ...WEB, slot: 5, generation: 9 };
    keeper.publish(snapshotOf(back));
    budgets.reopen();
    expect(keeper.status()).toEqual([{ consumer: 'web', spentMicros: 40, heldMicros: 0 }]);
    expect(budgets.reserve(back, 61)).toMatchObject({ admitted: false });
    clock.wallNow += 24 * 60 * 60 * 1000;
    expect(keeper.status()).toEqual([{ consumer: 'web', spentMicros: 0, heldMicros: 0 }]);
    expect(budgets.reserve(back, 100)).toMatchObject({ admitted: true });
  });

  it('holds for a budget that is given later, and for another period that the spend lies in', () => {
    const kept = [{ consumer: 'web', startsAt: TODAY, spentMicros: 90 }];
    const { keeper } = opened(kept, [{ ...WEB, budget: null }]);
    keeper.publish(snapshotOf({ ...WEB, budget: { amountMicros: 100, period: 'month' } }));
    expect(keeper.status()).toEqual([{ consumer: 'web', spentMicros: 90, heldMicros: 0 }]);
  });
});

describe('the memory of budgets', () => {
  it('grows in place: a call that began before settles where it reserved', () => {
    const { keeper, budgets } = opened();
    budgets.reserve(WEB, 30);
    const before = keeper.cells.byteLength;
    const late = { ...WEB, id: 'late', slot: 700 };
    keeper.publish(snapshotOf(WEB, late));
    expect(keeper.cells.byteLength).toBeGreaterThan(before);
    // This worker has not taken the snapshot yet, and settles all the same.
    budgets.settle({ consumer: WEB, heldMicros: 30, costMicros: 20 });
    expect(keeper.status()[0]).toEqual({ consumer: 'web', spentMicros: 20, heldMicros: 0 });
    expect(() => budgets.reserve(late, 1)).toThrow(RangeError);
    budgets.reopen();
    expect(budgets.reserve(late, 1)).toMatchObject({ admitted: true });
  });

  it('has no rows where nobody has a budget', () => {
    const { keeper } = opened([], [{ id: 'free', slot: 900 }]);
    expect(keeper.cells.byteLength).toBe(BudgetTable.bytes(0, WRITERS));
  });
});
