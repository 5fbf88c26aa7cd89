import { writersIn, type KeyTable } from './key-table.ts';
import { WRITER } from './table-layout.ts';

/** What was told of limits and could not be used; counted in the row of each writer. */
export type LimitCount = 'implausible' | 'ignored';

const cellOf = (table: KeyTable, worker: number, count: LimitCount): number =>
  table.layout.intWriters + table.layout.intPerWriter * worker + WRITER[count];

/** Counts one in this writer's row, which nobody else writes. */
export function countLimit(table: KeyTable, count: LimitCount): void {
  Atomics.add(table.ints, cellOf(table, table.worker, count), 1);
}

/** How many there were on this node, of all its workers. Counted anew after 2 ** 32. */
export function limitCount(table: KeyTable, count: LimitCount): number {
  let sum = 0;
  const writers = writersIn(table);
  for (let worker = 0; worker < writers; worker += 1) {
    sum += Atomics.load(table.ints, cellOf(table, worker, count)) >>> 0;
  }
  return sum;
}

/** The table of a new snapshot goes on counting where the one before ended. */
export function carryCounts(from: KeyTable, to: KeyTable): void {
  for (const count of ['implausible', 'ignored'] as const) {
    Atomics.add(to.ints, cellOf(to, to.worker, count), limitCount(from, count));
  }
}
