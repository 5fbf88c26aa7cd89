import { BudgetTable } from '@keywell/core/budgets/budget-table';
import type { Snapshot } from '@keywell/core/snapshot/snapshot';

/** Rows that a table may grow to. Room for them is address space, not memory, until they are there. */
const MAX_ROWS = 2 ** 20;

/**
 * The memory of a node's budgets, for the node's whole life. It grows in place when consumers come, so that no call in flight ever
 * settles in a table that was replaced.
 */
export function createBudgetCells(snapshot: Snapshot, writers: number): SharedArrayBuffer {
  return new SharedArrayBuffer(BudgetTable.bytes(rowsFor(snapshot), writers), {
    maxByteLength: BudgetTable.bytes(MAX_ROWS, writers),
  });
}

/** Makes room for every consumer with a budget. Call it before the snapshot reaches a worker. */
export function growBudgetCells(
  cells: SharedArrayBuffer,
  snapshot: Snapshot,
  writers: number,
): void {
  const bytes = BudgetTable.bytes(rowsFor(snapshot), writers);
  if (bytes > cells.byteLength) cells.grow(bytes);
}

/** A power of two, so that the table grows seldom; none where nobody has a budget. */
function rowsFor({ consumers }: Snapshot): number {
  const top = consumers.reduce(
    (highest, { budget, slot }) => (budget === null ? highest : Math.max(highest, slot + 1)),
    0,
  );
  return top === 0 ? 0 : 2 ** Math.ceil(Math.log2(top));
}
