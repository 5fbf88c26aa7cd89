import { readCell } from './cooldown-cells.ts';
import { freeProbes } from './half-open.ts';
import { writersIn, type KeyTable } from './key-table.ts';
import { leaseCell, leaseHead } from './lease-cells.ts';
import { nodeCell } from './limit-cells.ts';
import type { Candidate } from './plan.ts';
import { QUANTITIES, QUANTITY } from './quantity.ts';
import { BLOCK, KEY_CELL, LEASE, LEASE_HEAD, NODE_CELL } from './table-layout.ts';
import {
  commit,
  lockRecord,
  lockRecords,
  unlockRecord,
  unlockRecords,
  write,
} from './table-journal.ts';

/** How often a busy record is tried again, about 1 ms each time. */
const PATIENT_TRIES = 20;

/**
 * Gives back what a dead worker's attempts held. What they may have been charged is taken for charged. A lease whose record stays busy,
 * because another dead worker has it, is kept as an orphan and returned with the next worker that is put in order. Returns how many
 * places in flight the worker held.
 */
export function returnLeases(table: KeyTable, worker: number): number {
  let held = 0;
  for (let row = 1; row < writersIn(table); row += 1) {
    held += returnRow(table, row, row === worker);
  }
  rebuildFreeList(table, leaseHead(table, worker));
  return held;
}

/** Returns how many leases of the row were held by the worker that has just died. */
function returnRow(table: KeyTable, row: number, dead: boolean): number {
  const head = leaseHead(table, row);
  const top = readCell(table, head + LEASE_HEAD.top);
  let held = 0;
  for (let lease = 0; lease < top; lease += 1) {
    const cell = leaseCell(table, head, lease);
    const named = readCell(table, cell + LEASE.candidate);
    if (named === 0 || (named > 0 && !dead)) continue;
    if (named > 0) held += 1;
    const candidate = table.plan.candidates[Math.abs(named) - 1];
    const returned = candidate === undefined || returnLease(table, candidate, cell);
    // A living successor may use the row by now, but never a lease that is not free.
    if (!returned) table.cells[cell + LEASE.candidate] = -Math.abs(named);
  }
  return held;
}

function returnLease(table: KeyTable, candidate: Candidate, cell: number): boolean {
  const record = table.plan.nodes.length + candidate.endpoint;
  if (!lockPatiently(table, candidate.locks, record)) return false;
  const { blocks, locks } = candidate;
  for (let of = 0; of < blocks.length; of += 1) {
    const block = blocks[of] ?? 0;
    for (let quantity = 0; quantity < QUANTITIES; quantity += 1) {
      const late = readCell(table, cell + LEASE.late + quantity);
      if (late === 0) continue;
      const open = block + BLOCK.open + quantity;
      write(table, open, readCell(table, open) - late);
      if (quantity === QUANTITY.places) continue;
      const used = block + BLOCK.used + quantity;
      write(table, used, readCell(table, used) + late);
    }
    const inFlight = nodeCell(table, locks[of] ?? 0, NODE_CELL.inFlight);
    write(table, inFlight, readCell(table, inFlight) - 1);
  }
  const key = table.layout.keys + candidate.keyIndex * KEY_CELL.cells;
  write(table, key + KEY_CELL.inFlight, readCell(table, key + KEY_CELL.inFlight) - 1);
  write(table, key + KEY_CELL.abandoned, readCell(table, key + KEY_CELL.abandoned) + 1);
  freeProbes(table, candidate, readCell(table, cell + LEASE.sendSeq));
  write(table, cell + LEASE.candidate, 0);
  commit(table);
  unlockRecord(table, record);
  unlockRecords(table, locks);
  return true;
}

/** Nodes root first, then the endpoint's record. */
function lockPatiently(table: KeyTable, locks: Int32Array, record: number): boolean {
  for (let turn = 0; turn < PATIENT_TRIES; turn += 1) {
    if (!lockRecords(table, locks)) continue;
    if (lockRecord(table, record)) return true;
    unlockRecords(table, locks);
  }
  return false;
}

/** The dead worker's row as its successor finds it: every lease but the orphans is free. */
function rebuildFreeList(table: KeyTable, head: number): void {
  const { cells } = table;
  let top = readCell(table, head + LEASE_HEAD.top);
  while (top > 0 && readCell(table, leaseCell(table, head, top - 1) + LEASE.candidate) === 0) {
    top -= 1;
  }
  let free = 0;
  for (let lease = 0; lease < top; lease += 1) {
    const cell = leaseCell(table, head, lease);
    if (readCell(table, cell + LEASE.candidate) !== 0) continue;
    cells[cell + LEASE.next] = free;
    free = lease + 1;
  }
  cells[head + LEASE_HEAD.top] = top;
  cells[head + LEASE_HEAD.free] = free;
}
