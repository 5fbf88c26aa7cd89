import type { KeyTable } from './key-table.ts';
import { GUARD_MS, learnedCell, MINUTE_MS, readLearned, refusedSentAt } from './learned-cells.ts';
import { LEARNED } from './table-layout.ts';
import { write } from './table-journal.ts';

/**
 * Where a provider counts by windows of the clock, one began between an attempt that was refused and the next that passed. Each such
 * pair narrows down when windows begin. All writes under the node's lock.
 */
/** Whether it is known to less than a minute when windows begin. */
export const knowsWindow = (table: KeyTable, block: number): boolean =>
  readLearned(table, block, LEARNED.windowBefore) > 0;

/** The instant from which on everything may count in the present window; 0 where nobody knows. */
export function windowFrom(table: KeyTable, block: number, now: number): number {
  const before = readLearned(table, block, LEARNED.windowBefore);
  if (before === 0) return 0;
  const windows = Math.floor((now - before - GUARD_MS) / MINUTE_MS);
  return readLearned(table, block, LEARNED.windowAfter) + windows * MINUTE_MS;
}

/** When the present window is sure to be over. */
export function windowEnd(table: KeyTable, block: number, now: number): number {
  const before = readLearned(table, block, LEARNED.windowBefore) + GUARD_MS;
  return before + (Math.floor((now - before) / MINUTE_MS) + 1) * MINUTE_MS;
}

/**
 * An attempt has passed that was sent after another was refused: a window began in between. Only what was sent once the refusal was heard
 * of says so: what was sent beside it may have overtaken it.
 */
export function noteWindow(table: KeyTable, block: number, sentAt: number): void {
  const refused = refusedSentAt(table, block);
  const heardAt = readLearned(table, block, LEARNED.refusedAt);
  if (refused === 0 || sentAt <= heardAt || sentAt - refused >= MINUTE_MS) return;
  const after = readLearned(table, block, LEARNED.windowAfter);
  const before = readLearned(table, block, LEARNED.windowBefore);
  const shift = MINUTE_MS * Math.round((refused - after) / MINUTE_MS);
  const from = Math.max(refused, after + shift);
  const until = Math.min(sentAt, before + shift);
  // What contradicts all that was seen before takes its place.
  const agrees = before > 0 && from < until;
  const begins = agrees ? from : refused;
  const ends = agrees ? until : sentAt;
  if (after !== begins) write(table, learnedCell(block, LEARNED.windowAfter), begins);
  if (before !== ends) write(table, learnedCell(block, LEARNED.windowBefore), ends);
}

export function forgetWindow(table: KeyTable, block: number): void {
  write(table, learnedCell(block, LEARNED.windowBefore), 0);
}
