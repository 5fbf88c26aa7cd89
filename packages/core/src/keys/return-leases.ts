import { readCell } from './cooldown-cells.ts';
import { freeProbes } from './half-open.ts';
import { writersIn, type KeyTable } from './key-table.ts';
import { leaseCell, leaseHead, rebuildFreeList } from './lease-cells.ts';
import { nodeCell } from './limit-cells.ts';
import type { Candidate } from './plan.ts';
import { QUANTITIES, QUANTITY } from './quantity.ts';
import { BLOCK, KEY_CELL, LEASE, LEASE_HEAD, NODE_CELL } from './table-layout.ts';
import {
  commit,
  heldRecords,
  lockRecords,
  unlockRecord,
  unlockRecords,
  write,
} from './table-journal.ts';

/** How often a busy record is tried again, about 1 ms each time. */
const PATIENT_TRIES = 20;

/**
 * Gives back what a dead worker's attempts held. What they may have been charged is taken for charged. A lease whose record stays busy,
 * because another dead worker has it or a thread was put aside with it, is kept as an orphan for `returnOrphans`.
 */
export function returnLeases(
  table: KeyTable,
  worker: number,
): { readonly held: number; readonly orphans: number } {
  const sum = returnRows(table, worker);
  rebuildFreeList(table, leaseHead(table, worker));
  return sum;
}

/** Gives back what could not be given back when its worker died. Returns how many are still left: to be called again until none is. */
export const returnOrphans = (table: KeyTable): number => returnRows(table, null).orphans;

/** One pass over all rows. */
interface Pass {
  readonly table: KeyTable;
  /** Records that stayed busy in this pass: nobody waits for one of them twice. */
  readonly busy: Set<number>;
  held: number;
  orphans: number;
}

/** Orphans of all rows, and everything of the worker that has just died. */
function returnRows(table: KeyTable, dead: number | null): Pass {
  const pass: Pass = { table, busy: new Set(), held: 0, orphans: 0 };
  for (let row = 1; row < writersIn(table); row += 1) returnRow(pass, row, row === dead);
  return pass;
}

function returnRow(pass: Pass, row: number, isDead: boolean): void {
  const { table } = pass;
  const head = leaseHead(table, row);
  const top = readCell(table, head + LEASE_HEAD.top);
  for (let lease = 0; lease < top; lease += 1) {
    const cell = leaseCell(table, head, lease);
    const named = readCell(table, cell + LEASE.candidate);
    if (named === 0 || (named > 0 && !isDead)) continue;
    if (named > 0) pass.held += 1;
    const candidate = table.plan.candidates[Math.abs(named) - 1];
    if (candidate === undefined || returnLease(pass, candidate, cell)) continue;
    pass.orphans += 1;
    // A living successor may use the row by now, but never a lease that is not free.
    table.cells[cell + LEASE.candidate] = -Math.abs(named);
  }
}

function returnLease({ table, busy }: Pass, candidate: Candidate, cell: number): boolean {
  const record = table.plan.nodes.length + candidate.endpoint;
  if (!lockPatiently(table, busy, [...candidate.locks, record])) return false;
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

/** `records`: nodes root first, then the endpoint's. */
function lockPatiently(table: KeyTable, busy: Set<number>, records: readonly number[]): boolean {
  if (records.some((record) => busy.has(record))) return false;
  const all = Int32Array.from(records);
  for (let turn = 0; turn < PATIENT_TRIES; turn += 1) if (lockRecords(table, all)) return true;
  const held = heldRecords(table).map(({ record }) => record);
  for (const record of records) if (held.includes(record)) busy.add(record);
  return false;
}
