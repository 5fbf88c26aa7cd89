import { acquireLock, holderOf, releaseLock, releaseLockOf } from '../limits/record-lock.ts';
import { lockCell, type KeyTable } from './key-table.ts';
import { WRITER } from './table-layout.ts';

/**
 * Writing under locks so that a death at any point is undone: before a cell is written its index and old value go to this worker's
 * journal, whose count is stored atomically in between; `commit` empties the journal before the locks are given back. Nothing between
 * locking and unlocking may allocate, call out or throw.
 */

/** Locks the records in the order given. False, with nothing locked, when one of them stays busy. */
export function lockRecords(table: KeyTable, records: Int32Array): boolean {
  for (let at = 0; at < records.length; at += 1) {
    if (!acquireLock(table.ints, lockCell(table, records[at] ?? 0), table.lockWord)) {
      unlockFrom(table, records, at - 1);
      return false;
    }
  }
  return true;
}

/** Gives the records back, last first. The journal must be empty: see `commit`. */
export function unlockRecords(table: KeyTable, records: Int32Array): void {
  unlockFrom(table, records, records.length - 1);
}

export function lockRecord(table: KeyTable, record: number): boolean {
  return acquireLock(table.ints, lockCell(table, record), table.lockWord);
}

export function unlockRecord(table: KeyTable, record: number): void {
  releaseLock(table.ints, lockCell(table, record), table.lockWord);
}

/** Writes one cell of a locked record. */
export function write(table: KeyTable, cell: number, value: number): void {
  const { ints, cells, journalCount } = table;
  const count = ints[journalCount] ?? 0;
  ints[table.journalIndexes + count] = cell;
  cells[table.journalValues + count] = cells[cell] ?? 0;
  Atomics.store(ints, journalCount, count + 1);
  cells[cell] = value;
}

/** Makes everything written since the records were locked final. */
export function commit(table: KeyTable): void {
  Atomics.store(table.ints, table.journalCount, 0);
}

/** What a dead worker had begun and not finished. */
export interface Undone {
  readonly cellsRestored: number;
  readonly locksReleased: number;
}

/** Undoes what a dead worker had begun, latest write first, and only then releases what it held. */
export function undoWorker(table: KeyTable, worker: number): Undone {
  const { ints, cells, layout } = table;
  const row = layout.intWriters + layout.intPerWriter * worker;
  const values = layout.writers + layout.floatsPerWriter * worker;
  const count = Atomics.load(ints, row + WRITER.journalCount);
  for (let entry = count - 1; entry >= 0; entry -= 1) {
    cells[ints[row + WRITER.cells + entry] ?? 0] = cells[values + entry] ?? 0;
  }
  Atomics.store(ints, row + WRITER.journalCount, 0);
  let locksReleased = 0;
  for (let record = 0; record < layout.counts.records; record += 1) {
    if (releaseLockOf(ints, lockCell(table, record), worker)) locksReleased += 1;
  }
  return { cellsRestored: count, locksReleased };
}

/** Records that are locked at this moment, with the worker that holds each. */
export function heldRecords(table: KeyTable): readonly { record: number; worker: number }[] {
  const held: { record: number; worker: number }[] = [];
  for (let record = 0; record < table.layout.counts.records; record += 1) {
    const worker = holderOf(Atomics.load(table.ints, lockCell(table, record)));
    if (worker !== null) held.push({ record, worker });
  }
  return held;
}

function unlockFrom(table: KeyTable, records: Int32Array, last: number): void {
  for (let at = last; at >= 0; at -= 1) unlockRecord(table, records[at] ?? 0);
}
