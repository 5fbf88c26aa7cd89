import { describe, expect, it } from 'vitest';
import { hasLease } from './lease-cells.ts';
import { inFlightOf, initKeyTable, openKeyTable, type KeyTable } from './key-table.ts';
import { recoverWorker } from './recover.ts';
import { returnOrphans } from './return-leases.ts';
import { settle, tryReserve, type Reservation } from './reserve.ts';
import { lockRecord, unlockRecord } from './table-journal.ts';
import { at, candidateOf, eligibleKeys, keyOf, planOf } from './table-fixture.bench.ts';
import { LEASES } from './table-layout.ts';
import { SUCCESS } from './verdict.ts';

const plan = planOf(keyOf('a'), keyOf('b'));

function openTables(workers: number): readonly KeyTable[] {
  const buffer = new SharedArrayBuffer(plan.byteLength(workers + 1));
  initKeyTable(plan, buffer);
  return Array.from({ length: workers }, (_, place) =>
    openKeyTable(plan, buffer, { worker: place + 1, epoch: 1 }),
  );
}

/** Attempts until the worker can hold no more, to these keys by turns. */
function fill(table: KeyTable, ...keys: readonly string[]): readonly Reservation[] {
  const held: Reservation[] = [];
  for (;;) {
    const key = keys[held.length % keys.length] ?? 'a';
    const taken = tryReserve(table, candidateOf(table, key), 0);
    if (taken === 'busy') return held;
    if (typeof taken === 'string') throw new Error(taken);
    held.push(taken);
  }
}

const inFlight = (table: KeyTable): readonly number[] =>
  plan.keys.map(({ index }) => inFlightOf(table, index));

describe('a worker that holds as many attempts as it can', () => {
  it('takes no more, blames no key for it, and goes on with each that ends', () => {
    const [table, other] = openTables(2);
    if (table === undefined || other === undefined) throw new Error('there are two');
    const held = fill(table, 'a', 'b');
    expect(held).toHaveLength(LEASES);
    expect(hasLease(table)).toBe(false);
    expect(eligibleKeys(table, 0)).toEqual(['a', 'b']);
    expect(inFlight(table)).toEqual([LEASES / 2, LEASES / 2]);
    expect(typeof tryReserve(other, candidateOf(other, 'a'), 0)).toBe('object');
    for (const reservation of held.slice(0, 3)) {
      settle(table, reservation, SUCCESS, at(1));
      expect(typeof tryReserve(table, candidateOf(table, 'a'), 1)).toBe('object');
      expect(tryReserve(table, candidateOf(table, 'a'), 1)).toBe('busy');
    }
  });

  it('leaves every place to its successor when it dies', () => {
    const [table] = openTables(1);
    if (table === undefined) throw new Error('there is one');
    fill(table, 'a', 'b');
    expect(recoverWorker(plan, table.buffer, 1).leasesReturned).toBe(LEASES);
    expect(inFlight(table)).toEqual([0, 0]);
    const successor = openKeyTable(plan, table.buffer, { worker: 1, epoch: 2 });
    expect(fill(successor, 'a', 'b')).toHaveLength(LEASES);
  });

  it('leaves those places later that another one keeps from being returned, and waits for that one once', () => {
    const [table, dead] = openTables(2);
    if (table === undefined || dead === undefined) throw new Error('there are two');
    const main = openKeyTable(plan, table.buffer, { worker: 0, epoch: 1 });
    fill(table, 'a', 'b');
    const record = candidateOf(dead, 'a').locks[0] ?? 0;
    lockRecord(dead, record);
    const startedAt = performance.now();
    expect(recoverWorker(plan, table.buffer, 1)).toMatchObject({ orphans: LEASES / 2 });
    // A few milliseconds each would be a minute.
    expect(performance.now() - startedAt).toBeLessThan(5000);
    expect(inFlight(table)).toEqual([LEASES / 2, 0]);
    const successor = openKeyTable(plan, table.buffer, { worker: 1, epoch: 2 });
    const own = fill(successor, 'b');
    expect(own).toHaveLength(LEASES / 2);
    expect(returnOrphans(main)).toBe(LEASES / 2);
    unlockRecord(dead, record);
    expect(returnOrphans(main)).toBe(0);
    expect(inFlight(table)).toEqual([0, LEASES / 2]);
    expect(fill(successor, 'b')).toHaveLength(LEASES / 2);
    expect(recoverWorker(plan, table.buffer, 1).leasesReturned).toBe(LEASES);
    expect(inFlight(table)).toEqual([0, 0]);
  });
});
