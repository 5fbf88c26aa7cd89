import { readCell } from './cooldown-cells.ts';
import type { KeyTable } from './key-table.ts';
import { BLOCK, LEARNED } from './table-layout.ts';
import { write } from './table-journal.ts';

/**
 * What a block passed in the last minute, in buckets that count until all of them is older than a minute and a little. 35 of them are
 * just longer than that: what is sent at once when a bucket is over falls near the end of another one and comes back nearly to the minute,
 * where a minute that left a small rest would be nearly a bucket late, every minute. Four counts share a cell. All writes under the
 * node's lock.
 */
const BUCKET_MS = 1720;
const MINUTE_MS = 60_000;
const PER_CELL = 4;
const RING = LEARNED.ring * PER_CELL;
/** A bucket counts no further than this: more than 300,000 requests a minute are not told apart. */
const MOST = 2 ** 13;

/** What calls may overtake each other by on their way. */
const GUARD_MS = 100;

const cellOf = (block: number, cell: number): number => block + BLOCK.learned + cell;

const bucketCell = (block: number, bucket: number): number =>
  cellOf(block, LEARNED.buckets + Math.floor((bucket % RING) / PER_CELL));

const unitOf = (bucket: number): number => MOST ** (bucket % PER_CELL);

function countIn(table: KeyTable, block: number, bucket: number): number {
  return Math.floor(readCell(table, bucketCell(block, bucket)) / unitOf(bucket)) % MOST;
}

function addTo(table: KeyTable, block: number, bucket: number, by: number): void {
  const cell = bucketCell(block, bucket);
  write(table, cell, readCell(table, cell) + by * unitOf(bucket));
  const counted = cellOf(block, LEARNED.counted);
  write(table, counted, readCell(table, counted) + by);
}

/** One cell holds the number of the newest bucket plus 1, and below it the sum of all buckets: less than this. */
const MOST_TOTAL = 2 ** 19;

/** Number of the newest bucket; −1 where nothing was counted. */
const newestOf = (table: KeyTable, block: number): number =>
  Math.floor(readCell(table, cellOf(block, LEARNED.counted)) / MOST_TOTAL) - 1;

const totalOf = (table: KeyTable, block: number): number =>
  readCell(table, cellOf(block, LEARNED.counted)) % MOST_TOTAL;

/** The first bucket of which something may still count at `now`. */
const firstOf = (now: number): number => Math.floor((now - MINUTE_MS - GUARD_MS) / BUCKET_MS);

/** Requests of the 60 s before `now`, and all that were sent since; a bucket counts whole until all of it is older. */
export function passedIn(table: KeyTable, block: number, now: number): number {
  const newest = newestOf(table, block);
  const first = firstOf(now);
  if (first > newest) return 0;
  let passed = totalOf(table, block);
  for (let bucket = Math.max(0, newest - RING + 1); bucket < first; bucket += 1) {
    passed -= countIn(table, block, bucket);
  }
  return passed;
}

/** The same, but of the oldest bucket only the part that is not older than 60 s, as if it had been spread evenly. */
export function sharePassed(table: KeyTable, block: number, now: number): number {
  const from = now - MINUTE_MS;
  let passed = passedIn(table, block, now);
  for (let bucket = Math.max(0, firstOf(now)); bucket * BUCKET_MS < from; bucket += 1) {
    passed -= Math.min(1, from / BUCKET_MS - bucket) * countIn(table, block, bucket);
  }
  return passed;
}

/** Counts an attempt that is sent. */
export function countPassed(table: KeyTable, block: number, now: number): void {
  advance(table, block, now);
  const bucket = Math.floor(now / BUCKET_MS);
  if (countIn(table, block, bucket) < MOST - 1) addTo(table, block, bucket, 1);
}

/** Takes back what was counted when it was sent, because it did not pass. */
export function uncountPassed(table: KeyTable, block: number, sentAt: number): void {
  const newest = newestOf(table, block);
  const sent = Math.min(newest, Math.floor(sentAt / BUCKET_MS));
  if (sent <= newest - RING || sent < 0 || countIn(table, block, sent) < 1) return;
  addTo(table, block, sent, -1);
}

/** Empties the buckets that the ring reuses. */
function advance(table: KeyTable, block: number, now: number): void {
  const present = Math.floor(now / BUCKET_MS);
  const newest = newestOf(table, block);
  if (newest >= present) return;
  for (let bucket = Math.max(newest + 1, present - RING + 1); bucket <= present; bucket += 1) {
    const old = countIn(table, block, bucket);
    if (old > 0) addTo(table, block, bucket, -old);
  }
  write(table, cellOf(block, LEARNED.counted), (present + 1) * MOST_TOTAL + totalOf(table, block));
}

/** The first instant from `now` on at which no more than `most` count, if nothing else is sent. */
export function passedFallsTo(table: KeyTable, block: number, most: number, now: number): number {
  const newest = newestOf(table, block);
  let passed = passedIn(table, block, now);
  if (passed <= most) return now;
  for (let bucket = Math.max(0, newest - RING + 1, firstOf(now)); bucket <= newest; bucket += 1) {
    passed -= countIn(table, block, bucket);
    if (passed <= most) return (bucket + 1) * BUCKET_MS + MINUTE_MS + GUARD_MS;
  }
  return now + MINUTE_MS;
}

/** When the first request was sent that counts at `now`, to the bucket; `now` where none does. */
export function firstPassedAt(table: KeyTable, block: number, now: number): number {
  const newest = newestOf(table, block);
  for (let bucket = Math.max(0, newest - RING + 1, firstOf(now)); bucket <= newest; bucket += 1) {
    if (countIn(table, block, bucket) > 0) return Math.min(now, bucket * BUCKET_MS);
  }
  return now;
}

/** The end of the newest bucket. */
export const lastPassedAt = (table: KeyTable, block: number): number =>
  (newestOf(table, block) + 1) * BUCKET_MS;
