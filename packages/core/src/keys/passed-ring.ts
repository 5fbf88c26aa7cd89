import { readCell } from './cooldown-cells.ts';
import type { KeyTable } from './key-table.ts';
import { GUARD_MS, learnedCell, MINUTE_MS } from './learned-cells.ts';
import { LEARNED } from './table-layout.ts';
import { write } from './table-journal.ts';

/**
 * What a block passed in the last minute, in buckets that together are a little longer than that. Of each bucket the count is kept, and in
 * which parts of it the first and the last request were sent: those between are taken to be spread evenly. So where requests are few
 * each is known to the tenth of a second, and what was sent at once comes back at once. Three buckets share a cell. All writes under
 * the node's lock.
 */
const BUCKET_MS = 872;
const PER_CELL = 3;
const RING = LEARNED.ring * PER_CELL;
const PARTS = 8;
const PART_MS = BUCKET_MS / PARTS;
/** A bucket counts no further than this: more than 130,000 requests a minute are not told apart. */
const MOST = 2 ** 11;
/** A bucket's count, and below it the parts of its last and its first request. */
const BUCKET_STATES = MOST * PARTS * PARTS;

const bucketCell = (block: number, bucket: number): number =>
  learnedCell(block, LEARNED.buckets + Math.floor((bucket % RING) / PER_CELL));

/** By how much the states of a cell's buckets are shifted, and the counts in them. */
const UNITS = [1, BUCKET_STATES, BUCKET_STATES ** 2] as const;
const FIRST_COUNT = PARTS * PARTS;
const SECOND_COUNT = FIRST_COUNT * BUCKET_STATES;
const THIRD_COUNT = SECOND_COUNT * BUCKET_STATES;

const unitOf = (bucket: number): number => UNITS[bucket % PER_CELL] ?? 1;

/** `&` takes a number modulo 2 ** 32 and without its fraction, of which the states of later buckets are no part. */
const stateOf = (table: KeyTable, block: number, bucket: number): number =>
  (readCell(table, bucketCell(block, bucket)) / unitOf(bucket)) & (BUCKET_STATES - 1);

const countOf = (state: number): number => Math.floor(state / (PARTS * PARTS));
const lastOf = (state: number): number => Math.floor(state / PARTS) % PARTS;
const firstOf = (state: number): number => state % PARTS;

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
    const cell = readCell(table, bucketCell(block, bucket));
    counted +=
      ((cell / FIRST_COUNT) & (MOST - 1)) +
      ((cell / SECOND_COUNT) & (MOST - 1)) +
      ((cell / THIRD_COUNT) & (MOST - 1));
    bucket += PER_CELL;
  }
  return counted;
}

/** When the request of a bucket with this number, from 0, was sent, or a little later. */
function sentAtOf(state: number, bucket: number, number: number): number {
  const first = firstOf(state);
  const count = countOf(state);
  const share = (number + Math.sqrt(count)) / count;
  const part = share < 1 ? first + (lastOf(state) - first) * share : lastOf(state);
  return bucket * BUCKET_MS + (part + 1) * PART_MS;
}

/** Requests of a bucket that were sent up to `until`. */
function sentUntil(state: number, bucket: number, until: number): number {
  const count = countOf(state);
  if (count === 0 || sentAtOf(state, bucket, 0) > until) return 0;
  const first = firstOf(state);
  const last = lastOf(state);
  const part = (until - bucket * BUCKET_MS) / PART_MS - 1;
  if (part >= last) return count;
  const number = ((part - first) * count) / (last - first) - Math.sqrt(count);
  return Math.min(count, Math.max(0, Math.floor(number + 1)));
}

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

/** The same, but of no more than the 60 s: what a provider has seen when it refuses. */
export const passedBefore = (table: KeyTable, block: number, now: number): number =>
  passedAfter(table, block, now - MINUTE_MS);

function passedAfter(table: KeyTable, block: number, from: number): number {
  const newest = newestOf(table, block);
  const first = Math.floor(from / BUCKET_MS);
  if (first > newest) return 0;
  const oldest = Math.max(0, newest - RING + 1);
  const passed = totalOf(table, block) - countBetween(table, block, oldest, first);
  if (first < 0 || first <= newest - RING) return passed;
  return passed - sentUntil(stateOf(table, block, first), first, from);
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
  return counted - sentUntil(stateOf(table, block, first), first, from);
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
  const count = countOf(state);
  if (count >= MOST - 1) return;
  const part = Math.floor((now - bucket * BUCKET_MS) / PART_MS);
  const first = count === 0 ? part : Math.min(part, firstOf(state));
  const last = count === 0 ? part : Math.max(part, lastOf(state));
  put(table, block, bucket, ((count + 1) * PARTS + last) * PARTS + first);
}

/** Takes back what was counted when it was sent, because it did not pass. */
export function uncountPassed(table: KeyTable, block: number, sentAt: number): void {
  const newest = newestOf(table, block);
  const sent = Math.min(newest, Math.floor(sentAt / BUCKET_MS));
  if (sent <= newest - RING || sent < 0) return;
  const state = stateOf(table, block, sent);
  if (countOf(state) > 0) put(table, block, sent, state - PARTS * PARTS);
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
    const gone = sentUntil(state, bucket, from);
    const left = countOf(state) - gone;
    if (left >= over) {
      return sentAtOf(state, bucket, gone + over - 1) + MINUTE_MS + GUARD_MS + ROUNDING_MS;
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
    const state = stateOf(table, block, bucket);
    if (countOf(state) > sentUntil(state, bucket, from)) return Math.min(now, bucket * BUCKET_MS);
  }
  return now;
}

/** The end of the newest bucket. */
export const lastPassedAt = (table: KeyTable, block: number): number =>
  (newestOf(table, block) + 1) * BUCKET_MS;
