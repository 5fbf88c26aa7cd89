import { readCell } from './cooldown-cells.ts';
import type { KeyTable } from './key-table.ts';
import { BLOCK, LEARNED, LIMIT } from './table-layout.ts';
import { write } from './table-journal.ts';

/**
 * The limit of a group at a node where nobody tells one: as many requests in any 60 s as were seen to pass. Nothing is held back until
 * something is refused; then the limit falls to a little below what passed, once an event, and creeps up while it is what holds
 * requests back. All of it under the node's lock.
 */
const BUCKET_MS = 10_000;
const MINUTE_MS = 60_000;
const DECREASE = 0.95;
/** One event takes at most this much: what passed in a minute that began idle says little about the rate. */
const MOST_DECREASE = 0.5;
const CREEP_PER_MINUTE = 0.015;
/** Creeping from below the true limit to it takes less than this. What was held for longer was set too low: growth doubles a minute. */
const PLAUSIBLE_MS = 5 * MINUTE_MS;
const MOST_GROWTH_PER_MINUTE = 1;
/** It creeps up while at least this share of it is used. */
const LIMITING_SHARE = 0.8;
const LEAST_PER_MINUTE = 1;
/** Where less than this passed, a refusal was not about the pace, and nothing can be learned from it. */
const LEAST_PASSED = 3;

const cellOf = (block: number, cell: number): number => block + BLOCK.learned + cell;

/** Requests that may still be sent now; Infinity where limits are told or declared. */
export function learnedRoom(table: KeyTable, block: number, now: number): number {
  if (readCell(table, block + BLOCK.limits + LIMIT.tag) !== 0) return Infinity;
  const perMinute = readCell(table, cellOf(block, LEARNED.perMinute));
  if (perMinute === 0) return Infinity;
  return perMinute - passedIn(table, block, now);
}

/** The learned limit, requests a minute; 0 where nothing was refused yet. */
export const learnedPerMinute = (table: KeyTable, block: number): number =>
  readCell(table, cellOf(block, LEARNED.perMinute));

/** Requests of the last 60 s, the oldest ten seconds by the part of them that still counts. */
function passedIn(table: KeyTable, block: number, now: number): number {
  const newest = readCell(table, cellOf(block, LEARNED.newest)) - 1;
  const present = Math.floor(now / BUCKET_MS);
  const left = 1 - (now / BUCKET_MS - present);
  let passed = 0;
  for (let bucket = Math.max(0, present - LEARNED.ring + 1); bucket <= newest; bucket += 1) {
    if (newest - bucket >= LEARNED.ring) continue;
    const count = readCell(table, bucketCell(block, bucket));
    passed += bucket === present - LEARNED.ring + 1 ? count * left : count;
  }
  return passed;
}

const bucketCell = (block: number, bucket: number): number =>
  cellOf(block, LEARNED.buckets + (bucket % LEARNED.ring));

/** Counts an attempt that is sent, and lets the limit grow. Where limits are told there is nothing to learn. */
export function countLearned(table: KeyTable, block: number, now: number): void {
  if (readCell(table, block + BLOCK.limits + LIMIT.tag) !== 0) return;
  advance(table, block, now);
  grow(table, block, now);
  const bucket = bucketCell(block, Math.floor(now / BUCKET_MS));
  write(table, bucket, readCell(table, bucket) + 1);
}

/** Takes back what was counted, because it did not pass. */
export function uncountLearned(table: KeyTable, block: number, now: number): void {
  if (readCell(table, block + BLOCK.limits + LIMIT.tag) !== 0) return;
  const newest = readCell(table, cellOf(block, LEARNED.newest)) - 1;
  const oldest = Math.max(
    0,
    Math.floor(now / BUCKET_MS) - LEARNED.ring + 1,
    newest - LEARNED.ring + 1,
  );
  for (let bucket = newest; bucket >= oldest; bucket -= 1) {
    const cell = bucketCell(block, bucket);
    const count = readCell(table, cell);
    if (count < 1) continue;
    write(table, cell, count - 1);
    return;
  }
}

/**
 * A refusal that named no limit: the limit falls to 0.95 of what passed, once an event. `sendSeq` and `currentSeq` are those of the
 * refused attempt and of now.
 */
export function lowerLearned(
  table: KeyTable,
  block: number,
  sent: { readonly sendSeq: number; readonly currentSeq: number; readonly now: number },
): void {
  if (readCell(table, block + BLOCK.limits + LIMIT.tag) !== 0) return;
  if (sent.sendSeq <= readCell(table, cellOf(block, LEARNED.epochSeq))) return;
  const known = learnedPerMinute(table, block);
  if (known === 0 && passedIn(table, block, sent.now) < LEAST_PASSED) return;
  const rate = Math.min(known === 0 ? Infinity : known, paceOf(table, block, sent.now));
  const lowered = Math.max(LEAST_PER_MINUTE, DECREASE * rate, known * MOST_DECREASE);
  write(table, cellOf(block, LEARNED.perMinute), lowered);
  write(table, cellOf(block, LEARNED.loweredAt), sent.now);
  write(table, cellOf(block, LEARNED.epochSeq), sent.currentSeq);
  write(table, cellOf(block, LEARNED.raisedAt), sent.now);
}

/** What passed a minute. Where traffic began less than a minute ago, as if it had gone on like that. */
function paceOf(table: KeyTable, block: number, now: number): number {
  const present = Math.floor(now / BUCKET_MS);
  const newest = readCell(table, cellOf(block, LEARNED.newest)) - 1;
  const from = Math.max(0, present - LEARNED.ring + 1, newest - LEARNED.ring + 1);
  let first = present;
  for (let bucket = newest; bucket >= from; bucket -= 1) {
    if (readCell(table, bucketCell(block, bucket)) > 0) first = bucket;
  }
  const elapsedMs = Math.min(MINUTE_MS, Math.max(BUCKET_MS, now - first * BUCKET_MS));
  return (passedIn(table, block, now) * MINUTE_MS) / elapsedMs;
}

function grow(table: KeyTable, block: number, now: number): void {
  const perMinute = learnedPerMinute(table, block);
  if (perMinute === 0) return;
  const minutes = Math.min(1, (now - readCell(table, cellOf(block, LEARNED.raisedAt))) / MINUTE_MS);
  write(table, cellOf(block, LEARNED.raisedAt), now);
  if (passedIn(table, block, now) + 1 < LIMITING_SHARE * perMinute) return;
  const heldMs = now - readCell(table, cellOf(block, LEARNED.loweredAt)) - PLAUSIBLE_MS;
  const doublings = Math.max(0, heldMs / MINUTE_MS);
  const growth = Math.min(MOST_GROWTH_PER_MINUTE, CREEP_PER_MINUTE * 2 ** doublings);
  write(table, cellOf(block, LEARNED.perMinute), perMinute * (1 + growth * Math.max(0, minutes)));
}

/** Empties the buckets that the ring reuses. */
function advance(table: KeyTable, block: number, now: number): void {
  const present = Math.floor(now / BUCKET_MS);
  const newest = readCell(table, cellOf(block, LEARNED.newest)) - 1;
  if (newest >= present) return;
  const from = Math.max(newest + 1, present - LEARNED.ring + 1);
  for (let bucket = from; bucket <= present; bucket += 1)
    write(table, bucketCell(block, bucket), 0);
  write(table, cellOf(block, LEARNED.newest), present + 1);
}

/** When a request that has no room now would have some, as far as the counts tell. */
export function learnedStart(table: KeyTable, block: number, now: number): number {
  if (learnedRoom(table, block, now) >= 1) return now;
  const perMinute = readCell(table, cellOf(block, LEARNED.perMinute));
  let at = now;
  for (let step = 0; step <= LEARNED.ring * 2; step += 1) {
    at += BUCKET_MS / 2;
    if (perMinute - passedIn(table, block, at) >= 1) return at;
  }
  return now + MINUTE_MS;
}
