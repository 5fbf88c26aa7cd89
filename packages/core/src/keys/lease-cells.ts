import { readCell } from './cooldown-cells.ts';
import type { KeyTable } from './key-table.ts';
import type { Need } from './need.ts';
import type { Candidate } from './plan.ts';
import { QUANTITIES } from './quantity.ts';
import { BLOCK, LEASE, LEASE_HEAD, LEASES } from './table-layout.ts';
import { write } from './table-journal.ts';

/**
 * Leases: what each attempt in flight still holds of the limits, in its writer's row, so that a dead worker's can be given back. Only
 * the row's writer takes and frees them, inside the transaction that moves the limits themselves.
 */

export const leaseCell = (table: KeyTable, head: number, lease: number): number =>
  head + LEASE_HEAD.cells + lease * table.layout.leaseCells;

/** First cell of a writer's leases. */
export const leaseHead = (table: KeyTable, worker: number): number =>
  table.layout.writers + table.layout.floatsPerWriter * worker + table.layout.journalEntries;

/** Whether this writer can hold one more attempt. */
export function hasLease(table: KeyTable): boolean {
  const { leases } = table;
  return readCell(table, leases + LEASE_HEAD.free) > 0 || readCell(table, leases) < LEASES;
}

/**
 * Looks for leases that were a dead worker's and have been returned since this writer took its row over. False when there are none: it
 * can hold no more. Only this writer may, and not while records are locked.
 */
export function findLeases(table: KeyTable): boolean {
  const { leases } = table;
  if (readCell(table, leases + LEASE_HEAD.orphans) === 0) return false;
  rebuildFreeList(table, leases);
  return hasLease(table);
}

/** Makes every lease of a row that nobody holds free; orphans are held until they are returned. */
export function rebuildFreeList(table: KeyTable, head: number): void {
  const { cells } = table;
  let top = readCell(table, head + LEASE_HEAD.top);
  while (top > 0 && readCell(table, leaseCell(table, head, top - 1) + LEASE.candidate) === 0) {
    top -= 1;
  }
  let free = 0;
  let orphans = 0;
  for (let lease = 0; lease < top; lease += 1) {
    const cell = leaseCell(table, head, lease);
    const named = readCell(table, cell + LEASE.candidate);
    if (named < 0) orphans += 1;
    if (named !== 0) continue;
    cells[cell + LEASE.next] = free;
    free = lease + 1;
  }
  cells[head + LEASE_HEAD.top] = top;
  cells[head + LEASE_HEAD.free] = free;
  cells[head + LEASE_HEAD.orphans] = orphans;
}

/** Takes a lease for an attempt whose need has been taken from its limits. */
export function takeLease(
  table: KeyTable,
  candidate: Candidate,
  need: Need,
  sendSeq: number,
): number {
  const { leases, cells } = table;
  const free = readCell(table, leases + LEASE_HEAD.free);
  const top = readCell(table, leases + LEASE_HEAD.top);
  const lease = free > 0 ? free - 1 : top;
  const cell = leaseCell(table, leases, lease);
  if (free > 0) write(table, leases + LEASE_HEAD.free, readCell(table, cell + LEASE.next));
  else write(table, leases + LEASE_HEAD.top, top + 1);
  // What a lease holds means nothing until its candidate is written, which is undone with everything else.
  cells[cell + LEASE.sendSeq] = sendSeq;
  for (let of = 0; of < QUANTITIES; of += 1) cells[cell + LEASE.late + of] = need.late[of] ?? 0;
  const { blocks } = candidate;
  let used = cell + LEASE.used;
  for (let node = 0; node < blocks.length; node += 1) {
    const block = (blocks[node] ?? 0) + BLOCK.used;
    for (let of = 0; of < QUANTITIES; of += 1) cells[used + of] = cells[block + of] ?? 0;
    used += QUANTITIES;
  }
  write(table, cell + LEASE.candidate, candidate.index + 1);
  return lease;
}

/** Frees a lease whose attempt has been settled. */
export function freeLease(table: KeyTable, lease: number): void {
  const { leases } = table;
  const cell = leaseCell(table, leases, lease);
  write(table, cell + LEASE.candidate, 0);
  write(table, cell + LEASE.next, readCell(table, leases + LEASE_HEAD.free));
  write(table, leases + LEASE_HEAD.free, lease + 1);
}

/** What a node's block had been charged of a quantity when an attempt was sent, itself included; `place` is the node's in its path. */
export function usedAtSend(
  table: KeyTable,
  lease: number,
  place: number,
  quantity: number,
): number {
  const cell = leaseCell(table, table.leases, lease);
  return readCell(table, cell + LEASE.used + place * QUANTITIES + quantity);
}
