import { readCell } from './cooldown-cells.ts';
import type { KeyTable } from './key-table.ts';
import { STATS } from './table-layout.ts';
import { write } from './table-journal.ts';

/**
 * How a provider counts that tells no limits: the same for every key of one endpoint and model, so each key learns from what the others
 * met. Until refusals show something else it is taken to count the last 60 s, which is never more than the two others let pass.
 */
export const COUNTING = Object.freeze({ lastMinute: 0, bucket: 1, window: 2 });

/** So many refusals more than speak against it. */
const ENOUGH = 2;
const MOST = 6;
const RADIX = 16;

const countingCell = (table: KeyTable, breaker: number): number =>
  table.layout.stats + breaker * STATS.cells + STATS.counting;

/** One of COUNTING. */
export function countingOf(table: KeyTable, breaker: number): number {
  const scores = readCell(table, countingCell(table, breaker));
  const bucket = scores % RADIX;
  const window = Math.floor(scores / RADIX);
  if (Math.max(bucket, window) < ENOUGH) return COUNTING.lastMinute;
  return window >= bucket ? COUNTING.window : COUNTING.bucket;
}

/** A refusal that only one of the two explains. Under the endpoint's lock. */
export function noteCounting(table: KeyTable, breaker: number, shows: 'bucket' | 'window'): void {
  const cell = countingCell(table, breaker);
  const scores = readCell(table, cell);
  const bucket = moved(scores % RADIX, shows === 'bucket');
  const window = moved(Math.floor(scores / RADIX), shows === 'window');
  write(table, cell, window * RADIX + bucket);
}

const moved = (score: number, up: boolean): number =>
  up ? Math.min(MOST, score + 1) : Math.max(0, score - 1);

/** What is shown not to count by windows of the clock. */
export function doubtWindow(table: KeyTable, breaker: number): void {
  const cell = countingCell(table, breaker);
  const scores = readCell(table, cell);
  write(table, cell, moved(Math.floor(scores / RADIX), false) * RADIX + (scores % RADIX));
}
