import { readCell } from './cooldown-cells.ts';
import type { KeyTable } from './key-table.ts';
import {
  countPassed,
  firstPassedAt,
  lastPassedAt,
  passedFallsTo,
  passedIn,
  sharePassed,
  uncountPassed,
} from './passed-ring.ts';
import { BLOCK, LEARNED, LIMIT } from './table-layout.ts';
import { write } from './table-journal.ts';

/**
 * The limit of a group at a node where nobody tells one: as many requests in any 60 s as were seen to pass. Nothing is held back until
 * something is refused. Whatever the provider's limiter is, a bucket, a window of the clock or the last 60 s, at least its limit has
 * passed in the 60 s before it refuses. So what passed is a bound that only ever comes down to the limit, one event after another, and
 * need not fall below it: for the last 60 s it is the limit at once. It creeps up while it is what holds requests back, since limits
 * are raised and others who used the key stop. All of it under the node's lock.
 */
const MINUTE_MS = 60_000;
/** One event takes at most this much: a refusal after a quiet minute was about something else. */
const MOST_DECREASE = 0.5;
/** What came within this says little about a minute. */
const BURST_MS = 20_000;
const LEAST_BURST_MS = 10_000;
const BURST_DECREASE = 0.95;
/** Each step up to a limit that has not moved costs one refusal, so this is also about the share that is refused for it. */
const CREEP_PER_MINUTE = 0.003;
/** What was held for longer than this without a refusal was set too low: growth doubles a minute. */
const PLAUSIBLE_MS = 8 * MINUTE_MS;
const MOST_GROWTH_PER_MINUTE = 1;
/** It creeps up while at least this share of it is used. */
const LIMITING_SHARE = 0.8;
const LEAST_PER_MINUTE = 1;
/** Where less than this passed, a refusal was not about the pace, and nothing can be learned from it. */
const LEAST_PASSED = 3;
/** A refusal is back by then: what was sent longer ago has passed. */
const ANSWERED_MS = 250;
const MORE_EACH_STEP = 8;
/** After so many steps nothing is held back for that any more. */
const MOST_STEPS = 3;
/** How soon it is looked again whether what was sent has passed. */
const LOOK_MS = 500;

const cellOf = (block: number, cell: number): number => block + BLOCK.learned + cell;

const isTold = (table: KeyTable, block: number): boolean =>
  readCell(table, block + BLOCK.limits + LIMIT.tag) !== 0;

/** The learned limit, requests a minute; 0 where nothing was refused yet. */
export const learnedPerMinute = (table: KeyTable, block: number): number =>
  readCell(table, cellOf(block, LEARNED.perMinute));

/** Requests that may still be sent now; Infinity where limits are told or declared. */
export function learnedRoom(table: KeyTable, block: number, now: number): number {
  if (isTold(table, block)) return Infinity;
  const perMinute = learnedPerMinute(table, block);
  if (perMinute === 0) return Infinity;
  return Math.min(perMinute - passedIn(table, block, now), unprovenRoom(table, block, now));
}

/**
 * For a minute after a refusal nobody knows whether anything has come back: one request looks, and eight times as many follow for as long
 * as no refusal comes. Or all that waits would run into the same refusal.
 */
function unprovenRoom(table: KeyTable, block: number, now: number): number {
  if (now - readCell(table, cellOf(block, LEARNED.refusedAt)) > MINUTE_MS) return Infinity;
  const since = readCell(table, cellOf(block, LEARNED.since));
  if (since === 0) return 1;
  const steps = Math.max(0, Math.floor((now - firstSince(since)) / ANSWERED_MS));
  return steps > MOST_STEPS ? Infinity : MORE_EACH_STEP ** steps - sentSince(since);
}

/** An instant and a small count in one cell. */
const MOST_SINCE = 2 ** 12;
const packSince = (firstAt: number, sent: number): number =>
  Math.ceil(firstAt) * MOST_SINCE + Math.min(sent, MOST_SINCE - 1);
const firstSince = (since: number): number => Math.floor(since / MOST_SINCE);
const sentSince = (since: number): number => since % MOST_SINCE;

/** Counts an attempt that is sent, and lets the limit grow. Where limits are told there is nothing to learn. */
export function countLearned(table: KeyTable, block: number, now: number): void {
  if (isTold(table, block)) return;
  if (learnedPerMinute(table, block) > 0) {
    grow(table, block, now);
    const cell = cellOf(block, LEARNED.since);
    const since = readCell(table, cell);
    write(
      table,
      cell,
      since === 0 ? packSince(now, 1) : packSince(firstSince(since), sentSince(since) + 1),
    );
  }
  countPassed(table, block, now);
}

/** Takes back what was counted when it was sent, because it did not pass. */
export function uncountLearned(table: KeyTable, block: number, sentAt: number): void {
  if (!isTold(table, block)) uncountPassed(table, block, sentAt);
}

/** A refusal that named no limit, once it is taken back: no more than what is counted may pass in 60 s. */
export function lowerLearned(
  table: KeyTable,
  block: number,
  { sentAt, now }: { readonly sentAt: number; readonly now: number },
): void {
  if (isTold(table, block)) return;
  const known = learnedPerMinute(table, block);
  const passed = sharePassed(table, block, sentAt);
  if (known === 0 && passed < LEAST_PASSED) return;
  const tookMs = sentAt - firstPassedAt(table, block, sentAt);
  const bound =
    tookMs < BURST_MS
      ? boundOfBurst(known, passed, { tookMs, again: isAgain(table, block, sentAt) })
      : Math.max(passed, known * MOST_DECREASE);
  const lowered = known === 0 ? bound : Math.min(bound, known);
  write(table, cellOf(block, LEARNED.perMinute), Math.max(LEAST_PER_MINUTE, lowered));
  write(table, cellOf(block, LEARNED.refusedAt), now);
  write(table, cellOf(block, LEARNED.since), 0);
}

/**
 * Where all that counts came within seconds, the limiter may count shorter than a minute: the pace is what came, as if it had gone on
 * like that, and comes down a little at each event.
 */
function boundOfBurst(
  known: number,
  passed: number,
  { tookMs, again }: { readonly tookMs: number; readonly again: boolean },
): number {
  if (known === 0) return (passed * MINUTE_MS) / Math.max(LEAST_BURST_MS, tookMs);
  return again ? known : Math.max(passed, known * BURST_DECREASE);
}

/** Whether an attempt was sent before the last refusal was heard of: they are one event. */
const isAgain = (table: KeyTable, block: number, sentAt: number): boolean =>
  sentAt <= readCell(table, cellOf(block, LEARNED.refusedAt));

/** For the time since the last request, if the limit was nearly used up then. Requests of one bucket are one step. */
function grow(table: KeyTable, block: number, now: number): void {
  const lastAt = lastPassedAt(table, block);
  if (now <= lastAt) return;
  const perMinute = learnedPerMinute(table, block);
  if (passedIn(table, block, lastAt) < LIMITING_SHARE * perMinute) return;
  const heldMs = now - readCell(table, cellOf(block, LEARNED.refusedAt)) - PLAUSIBLE_MS;
  const doublings = Math.max(0, heldMs / MINUTE_MS);
  const growth = Math.min(MOST_GROWTH_PER_MINUTE, CREEP_PER_MINUTE * 2 ** doublings);
  const minutes = Math.min(1, (now - lastAt) / MINUTE_MS);
  write(table, cellOf(block, LEARNED.perMinute), perMinute * (1 + growth * minutes));
}

/** When a request that has no room now would have some, as far as the counts tell. */
export function learnedStart(table: KeyTable, block: number, now: number): number {
  if (learnedRoom(table, block, now) >= 1) return now;
  const fits = passedFallsTo(table, block, learnedPerMinute(table, block) - 1, now);
  return fits > now ? fits : now + LOOK_MS;
}
