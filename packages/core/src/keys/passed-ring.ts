import { readCell } from './cooldown-cells.ts';
import type { KeyTable } from './key-table.ts';
import { GUARD_MS, learnedCell, MINUTE_MS } from './learned-cells.ts';
import {
  BUCKET_MS,
  BUCKET_STATES,
  countOf,
  sentBy,
  sentUntil,
  withoutRequest,
  withRequest,
} from './passed-bucket.ts';
import { LEARNED } from './table-layout.ts';
import { write } from './table-journal.ts';

/**
 * What a block passed in the last minute, in buckets that together are a little longer than that, see passed-bucket. Three buckets share a
 * cell. All writes under the node's lock.
 */
const PER_CELL = 3;
const RING = LEARNED.ring * PER_CELL;

const bucketCell = (block: number, bucket: number): number =>
  learnedCell(block, LEARNED.buckets + Math.floor((bucket % RING) / PER_CELL));

/** By how much the states of a cell's buckets are shifted. */
const UNITS = [1, BUCKET_STATES, BUCKET_STATES ** 2] as const;

const unitOf = (bucket: number): number => UNITS[bucket % PER_CELL] ?? 1;

/** One of a cell's states, without a remainder of doubles, which takes longer than all else here. */
function stateIn(cell: number, place: number): number {
  if (cell === 0) return 0;
  const third = Math.floor(cell / UNITS[2]);
  if (place === 2) return third;
  const rest = cell - third * UNITS[2];
  const second = Math.floor(rest / UNITS[1]);
  return place === 1 ? second : rest - second * UNITS[1];
}

const stateOf = (table: KeyTable, block: number, bucket: number): number =>
  stateIn(readCell(table, bucketCell(block, bucket)), bucket % PER_CELL);

const countIn = (table: KeyTable, block: number, bucket: number): number =>
  countOf(stateOf(table, block, bucket));

/** What the buckets from `from` up to `until`, itself left out, have counted; whole cells at once. */
function countBetween(table: KeyTable, block: number, from: number, until: number): number {
  let counted = 0;
  let bucket = from;
  while (bucket < until) {
    if (bucket % PER_CELL !== 0 || until - bucket < PER_CELL) {
      counted += countIn(table, block, bucket);
      bucket += 1;
      continue;
    }
    counted += countInCell(readCell(table, bucketCell(block, bucket)));
    bucket += PER_CELL;
  }
  return counted;
}

const countInCell = (cell: number): number =>
  cell === 0
    ? 0
    : countOf(stateIn(cell, 0)) + countOf(stateIn(cell, 1)) + countOf(stateIn(cell, 2));

/** Requests of a bucket that were sent up to an instant. */
const sentIn = (table: KeyTable, block: number, bucket: number, until: number): number =>
  sentUntil(stateOf(table, block, bucket), until - bucket * BUCKET_MS);

/** Changes what a bucket holds. */
function put(table: KeyTable, block: number, bucket: number, next: number): void {
  const cell = bucketCell(block, bucket);
  const state = stateOf(table, block, bucket);
  if (next === state) return;
  write(table, cell, readCell(table, cell) + (next - state) * unitOf(bucket));
  const counted = learnedCell(block, LEARNED.counted);
  write(table, counted, readCell(table, counted) + countOf(next) - countOf(state));
}

/** One cell holds the number of the newest bucket plus 1, and below it the sum of all buckets: less than this. */
const MOST_TOTAL = 2 ** 19;

/** Number of the newest bucket; −1 where nothing was counted. */
const newestOf = (table: KeyTable, block: number): number =>
  Math.floor(readCell(table, learnedCell(block, LEARNED.counted)) / MOST_TOTAL) - 1;

const totalOf = (table: KeyTable, block: number): number =>
  readCell(table, learnedCell(block, LEARNED.counted)) % MOST_TOTAL;

/** Requests of the 60 s before `now`, with what may have been overtaken on its way, and all that were sent since. */
export const passedIn = (table: KeyTable, block: number, now: number): number =>
  passedAfter(table, block, now - MINUTE_MS - GUARD_MS);

/** How late a request may be on its way that refused another at the very end of its minute. */
const LATE_MS = 200;

/**
 * What a provider may have seen at most when it refuses: one more than fell into its 60 s, where one was sent shortly before them. Of a few
 * calls a minute one too little is a tenth of the limit, and one too much shows by the next refusal.
 */
export const mostPassed = (table: KeyTable, block: number, now: number): number =>
  Math.min(passedIn(table, block, now) + 1, passedAfter(table, block, now - MINUTE_MS - LATE_MS));

function passedAfter(table: KeyTable, block: number, from: number): number {
  const newest = newestOf(table, block);
  const first = Math.floor(from / BUCKET_MS);
  if (first > newest) return 0;
  const oldest = Math.max(0, newest - RING + 1);
  const passed = totalOf(table, block) - countBetween(table, block, oldest, first);
  if (first < 0 || first <= newest - RING) return passed;
  return passed - sentIn(table, block, first, from);
}

/** The same, but nothing that was sent up to `from`, if that is later. */
export function passedSince(table: KeyTable, block: number, from: number, now: number): number {
  if (from <= now - MINUTE_MS - GUARD_MS) return passedIn(table, block, now);
  const newest = newestOf(table, block);
  const first = Math.floor(from / BUCKET_MS);
  if (first < 0 || first <= newest - RING) return totalOf(table, block);
  if (first > newest) return 0;
  // The buckets before it or those from it on, whichever are fewer: the sum of all is known.
  const oldest = Math.max(0, newest - RING + 1);
  const counted =
    first - oldest < newest - first
      ? totalOf(table, block) - countBetween(table, block, oldest, first)
      : countBetween(table, block, first, newest + 1);
  return counted - sentIn(table, block, first, from);
}

/**
 * The least that a bucket must hold and regain in a minute to have let through what passed up to `now`: whenever it was full last, it gave
 * all it held since, and what came back.
 */
export function leastRefill(table: KeyTable, block: number, now: number): number {
  const newest = newestOf(table, block);
  const last = Math.min(newest, Math.floor(now / BUCKET_MS));
  let passed = 0;
  let least = 0;
  for (let bucket = last; bucket > Math.max(-1, newest - RING); bucket -= 1) {
    passed += countIn(table, block, bucket);
    least = Math.max(least, passed / (1 + (now - bucket * BUCKET_MS) / MINUTE_MS));
  }
  return least;
}

/** Counts an attempt that is sent. */
export function countPassed(table: KeyTable, block: number, now: number): void {
  advance(table, block, now);
  const bucket = Math.floor(now / BUCKET_MS);
  const state = stateOf(table, block, bucket);
  put(table, block, bucket, withRequest(state, now - bucket * BUCKET_MS));
}

/** Takes back what was counted when it was sent, because it did not pass. */
export function uncountPassed(table: KeyTable, block: number, sentAt: number): void {
  const newest = newestOf(table, block);
  const sent = Math.min(newest, Math.floor(sentAt / BUCKET_MS));
  if (sent <= newest - RING || sent < 0) return;
  const state = stateOf(table, block, sent);
  put(table, block, sent, withoutRequest(state, sentAt - sent * BUCKET_MS));
}

/** Empties the buckets that the ring reuses. */
function advance(table: KeyTable, block: number, now: number): void {
  const present = Math.floor(now / BUCKET_MS);
  const newest = newestOf(table, block);
  if (newest >= present) return;
  for (let bucket = Math.max(newest + 1, present - RING + 1); bucket <= present; bucket += 1) {
    put(table, block, bucket, 0);
  }
  write(
    table,
    learnedCell(block, LEARNED.counted),
    (present + 1) * MOST_TOTAL + totalOf(table, block),
  );
}

/** The first instant from `now` on at which no more than `most` count, if nothing else is sent. */
export function passedFallsTo(table: KeyTable, block: number, most: number, now: number): number {
  const newest = newestOf(table, block);
  let over = passedIn(table, block, now) - Math.max(0, Math.floor(most));
  if (over <= 0) return now;
  const from = now - MINUTE_MS - GUARD_MS;
  const first = Math.max(0, newest - RING + 1, Math.floor(from / BUCKET_MS));
  for (let bucket = first; bucket <= newest; bucket += 1) {
    const state = stateOf(table, block, bucket);
    const gone = sentUntil(state, from - bucket * BUCKET_MS);
    const left = countOf(state) - gone;
    if (left >= over) {
      const sentAt = bucket * BUCKET_MS + sentBy(state, gone + over - 1);
      return sentAt + MINUTE_MS + GUARD_MS + ROUNDING_MS;
    }
    over -= left;
  }
  return now + MINUTE_MS;
}

/** What doubles may be off by. */
const ROUNDING_MS = 0.001;

/** When the first request was sent that counts at `now`, to the bucket; `now` where none does. */
export function firstPassedAt(table: KeyTable, block: number, now: number): number {
  const newest = newestOf(table, block);
  const from = now - MINUTE_MS - GUARD_MS;
  const first = Math.max(0, newest - RING + 1, Math.floor(from / BUCKET_MS));
  for (let bucket = first; bucket <= newest; bucket += 1) {
    if (countIn(table, block, bucket) > sentIn(table, block, bucket, from)) {
      return Math.min(now, bucket * BUCKET_MS);
    }
  }
  return now;
}

/** The end of the newest bucket. */
export const lastPassedAt = (table: KeyTable, block: number): number =>
  (newestOf(table, block) + 1) * BUCKET_MS;
