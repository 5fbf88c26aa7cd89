import type { KeyTable } from './key-table.ts';
import { write } from './table-journal.ts';
import { BLOCK, LEARNED } from './table-layout.ts';

/**
 * Forgets all that was learned of a block, under its lock: before its first limit is told, since others may lie in its place then, and
 * after its last one was forgotten.
 */
export function forgetLearned(table: KeyTable, block: number): void {
  for (let cell = 0; cell < LEARNED.cells; cell += 1) write(table, block + BLOCK.learned + cell, 0);
}
