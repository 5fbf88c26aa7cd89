import { readCell } from './cooldown-cells.ts';
import type { KeyTable } from './key-table.ts';
import { write } from './table-journal.ts';
import { BUCKET, WINDOW_BUCKETS } from './table-layout.ts';

const SECOND_MS = 1000;

/**
 * Two counts over the last ten seconds in one-second buckets, each bucket naming the second it counts for. All of it under the lock
 * of the window's record.
 */

/** Counts one event; `count` is BUCKET.all or BUCKET.some. */
export function countInWindow(table: KeyTable, window: number, count: number, now: number): void {
  const second = Math.floor(now / SECOND_MS);
  const bucket = window + (second % WINDOW_BUCKETS) * BUCKET.cells;
  if (readCell(table, bucket + BUCKET.second) !== second + 1) {
    write(table, bucket + BUCKET.all, 0);
    write(table, bucket + BUCKET.some, 0);
    // Seconds are stored plus one, so that zeroed memory is no bucket of second 0.
    write(table, bucket + BUCKET.second, second + 1);
  }
  write(table, bucket + count, readCell(table, bucket + count) + 1);
}

/** Takes back one event that was counted at `countedAt`; nothing where its second is no longer kept. */
export function uncountInWindow(
  table: KeyTable,
  window: number,
  count: number,
  countedAt: number,
): void {
  const second = Math.floor(countedAt / SECOND_MS);
  const bucket = window + (second % WINDOW_BUCKETS) * BUCKET.cells;
  if (readCell(table, bucket + BUCKET.second) !== second + 1) return;
  write(table, bucket + count, Math.max(0, readCell(table, bucket + count) - 1));
}

/** Everything counted in the `seconds` newest seconds, the present one included. */
export function allInWindow(table: KeyTable, window: number, now: number, seconds: number): number {
  return sumOf(table, window, Math.floor(now / SECOND_MS) + 2 - seconds, BUCKET.all);
}

/** The part of it that the window is about. */
export function someInWindow(
  table: KeyTable,
  window: number,
  now: number,
  seconds: number,
): number {
  return sumOf(table, window, Math.floor(now / SECOND_MS) + 2 - seconds, BUCKET.some);
}

function sumOf(table: KeyTable, window: number, oldest: number, count: number): number {
  let sum = 0;
  for (let at = 0; at < WINDOW_BUCKETS; at += 1) {
    const bucket = window + at * BUCKET.cells;
    const second = readCell(table, bucket + BUCKET.second);
    if (second > 0 && second >= oldest) sum += readCell(table, bucket + count);
  }
  return sum;
}

/** Forgets everything counted. */
export function emptyWindow(table: KeyTable, window: number): void {
  for (let at = 0; at < WINDOW_BUCKETS; at += 1) {
    write(table, window + at * BUCKET.cells + BUCKET.second, 0);
  }
}
