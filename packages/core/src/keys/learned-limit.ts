import type { KeyTable } from './key-table.ts';
import {
  firstSince,
  inARowOf,
  isTold,
  learnedCell,
  learnedPerMinute,
  leastOf,
  LEAST_PER_MINUTE,
  MINUTE_MS,
  MOST_SINCE,
  mostOf,
  packBounds,
  packSince,
  readLearned,
  refusedSentAt,
  sentSince,
} from './learned-cells.ts';
import { COUNTING, countingOf } from './learned-kind.ts';
import { knowsWindow, noteWindow, windowEnd, windowFrom } from './learned-window.ts';
import { countPassed, lastPassedAt, passedFallsTo, passedIn, passedSince } from './passed-ring.ts';
import type { Candidate } from './plan.ts';
import { LEARNED } from './table-layout.ts';
import { write } from './table-journal.ts';

/**
 * The limit of a group at a node where nobody tells one, see learned-refusal for how it is found: as many requests in any 60 s, in a
 * window of the clock, or a bucket that regains so many in a minute, as far as learned-kind knows. Nothing is held back until something
 * is refused. It creeps up while it is what holds requests back, since limits are raised and others who used the key stop. All of it
 * under the node's lock.
 */

/** Each step up to a limit that has not moved costs one refusal, so this is also about the share that is refused for it. */
const CREEP_PER_MINUTE = 0.003;
/** A window's limit that is known only to lie between two counts is found soon, where a refusal is a small share of its minute. */
const DOUBT_PER_MINUTE = 0.3;
const DOUBT_PER_REQUEST = 0.0005;
/** What was held for longer than this without a refusal was set too low: growth doubles a minute. */
const PLAUSIBLE_MS = 8 * MINUTE_MS;
const MOST_GROWTH_PER_MINUTE = 1;
/** It creeps up while at least this share of it is used. */
const LIMITING_SHARE = 0.8;
/** A refusal is back by then: what was sent longer ago has passed. */
const ANSWERED_MS = 250;
const MORE_EACH_STEP = 8;
/** After so many steps nothing is held back for that any more. */
const MOST_STEPS = 3;
/** So many attempts since a refusal end a row of them. */
const ENDS_ROW = 16;
/** How soon it is looked again whether what was sent has passed. */
const LOOK_MS = 500;

/** Requests that may still be sent now; Infinity where limits are told or declared. `breaker` is that of the candidate. */
export function learnedRoom(table: KeyTable, block: number, breaker: number, now: number): number {
  if (isTold(table, block) || learnedPerMinute(table, block) === 0) return Infinity;
  return Math.min(countedRoom(table, block, breaker, now), unprovenRoom(table, block, now));
}

/** By how the provider counts, as far as that is known. */
function countedRoom(table: KeyTable, block: number, breaker: number, now: number): number {
  const perMinute = learnedPerMinute(table, block);
  const counting = countingOf(table, breaker);
  if (counting === COUNTING.window) {
    return perMinute - passedSince(table, block, windowFrom(table, block, now), now);
  }
  const passed = passedIn(table, block, now);
  const emptyAt = counting === COUNTING.bucket ? bucketEmptyAt(table, block) : 0;
  if (emptyAt === 0) return perMinute - passed;
  const since = sentSince(readLearned(table, block, LEARNED.since));
  const regained = (perMinute * (now - emptyAt)) / MINUTE_MS - since;
  // No more than it holds, nor than it held a minute ago and has regained in it.
  return Math.min(regained, perMinute, 2 * perMinute - passed);
}

/** When a bucket was empty last; 0 where what was sent since is not known. */
function bucketEmptyAt(table: KeyTable, block: number): number {
  const sent = sentSince(readLearned(table, block, LEARNED.since));
  return sent < MOST_SINCE - 1 ? refusedSentAt(table, block) : 0;
}

/** When the present window is over, where the provider counts by windows and it is known when they begin; else Infinity. */
export const learnedWindowEnd = (
  table: KeyTable,
  block: number,
  breaker: number,
  now: number,
): number =>
  countingOf(table, breaker) === COUNTING.window && knowsWindow(table, block)
    ? windowEnd(table, block, now)
    : Infinity;

/**
 * For a minute after a refusal that should not have come nobody knows whether anything has come back: one request looks, and eight times as
 * many follow for as long as no refusal comes. Or all that waits would run into the same refusal.
 */
function unprovenRoom(table: KeyTable, block: number, now: number): number {
  if (readLearned(table, block, LEARNED.refusedSentAt) >= 0) return Infinity;
  if (now - readLearned(table, block, LEARNED.refusedAt) > MINUTE_MS) return Infinity;
  const since = readLearned(table, block, LEARNED.since);
  if (since === 0) return 1;
  const steps = Math.max(0, Math.floor((now - firstSince(since)) / ANSWERED_MS));
  return steps > MOST_STEPS ? Infinity : MORE_EACH_STEP ** steps - sentSince(since);
}

/** Counts an attempt that is sent, and lets the limit grow. Where limits are told there is nothing to learn. */
export function countLearned(table: KeyTable, block: number, breaker: number, now: number): void {
  if (isTold(table, block)) return;
  const since = readLearned(table, block, LEARNED.since);
  if (learnedPerMinute(table, block) > 0) {
    grow(table, block, breaker, now);
    if (since === 0) noteLeast(table, block, now);
  }
  const firstAt = since === 0 ? now : firstSince(since);
  write(table, learnedCell(block, LEARNED.since), packSince(firstAt, sentSince(since) + 1));
  countPassed(table, block, now);
}

/** If the first attempt after a refusal passes, a window began before it, and what was refused had at least this behind it. */
function noteLeast(table: KeyTable, block: number, now: number): void {
  const bounds = readLearned(table, block, LEARNED.bounds);
  const least = passedIn(table, block, now);
  const next = packBounds({ most: mostOf(bounds), least, inARow: inARowOf(bounds) });
  write(table, learnedCell(block, LEARNED.bounds), next);
}

/** Whether a limit that nobody tells was learned anywhere on a candidate's path. */
export function hasLearned(table: KeyTable, { blocks }: Candidate): boolean {
  for (let of = 0; of < blocks.length; of += 1) {
    const block = blocks[of] ?? 0;
    if (!isTold(table, block) && learnedPerMinute(table, block) > 0) return true;
  }
  return false;
}

/**
 * An attempt has passed: that ends the refusals in a row before it, and shows when windows begin. Under the locks of its nodes and its
 * endpoint.
 */
export function notePassed(
  table: KeyTable,
  { blocks, breaker }: Candidate,
  { sentAt }: { readonly sentAt: number },
): void {
  for (let of = 0; of < blocks.length; of += 1) {
    const block = blocks[of] ?? 0;
    if (isTold(table, block) || learnedPerMinute(table, block) === 0) continue;
    endRow(table, block, sentAt);
    const known = knowsWindow(table, block);
    noteWindow(table, block, sentAt);
    if (known || !knowsWindow(table, block)) continue;
    if (countingOf(table, breaker) === COUNTING.window) estimateWindow(table, block);
  }
}

/** A few that pass between refusals end no row: so a bucket answers that is asked a little more often than it regains. */
function endRow(table: KeyTable, block: number, sentAt: number): void {
  const bounds = readLearned(table, block, LEARNED.bounds);
  if (inARowOf(bounds) === 0 || sentAt <= readLearned(table, block, LEARNED.refusedAt)) return;
  if (sentSince(readLearned(table, block, LEARNED.since)) < ENDS_ROW) return;
  const ended = packBounds({ most: mostOf(bounds), least: leastOf(bounds), inARow: 0 });
  write(table, learnedCell(block, LEARNED.bounds), ended);
}

/**
 * The limit of a window of which only bounds are known: nearer to the larger, since what is too large shows by a refusal and then is
 * known, and what is too small does not show.
 */
function estimateWindow(table: KeyTable, block: number): void {
  const bounds = readLearned(table, block, LEARNED.bounds);
  const between = Math.ceil((2 * mostOf(bounds) + leastOf(bounds)) / 3);
  if (between < LEAST_PER_MINUTE) return;
  write(table, learnedCell(block, LEARNED.perMinute), between);
}

/** For the time since the last request, if the limit was nearly used up then. Requests of one bucket are one step. */
function grow(table: KeyTable, block: number, breaker: number, now: number): void {
  const lastAt = lastPassedAt(table, block);
  if (now <= lastAt) return;
  const perMinute = learnedPerMinute(table, block);
  if (passedIn(table, block, lastAt) < LIMITING_SHARE * perMinute) return;
  const heldMs = now - readLearned(table, block, LEARNED.refusedAt) - PLAUSIBLE_MS;
  const doublings = Math.max(0, heldMs / MINUTE_MS);
  const creep = creepOf(table, block, breaker, perMinute);
  const growth = Math.min(MOST_GROWTH_PER_MINUTE, creep * 2 ** doublings);
  const minutes = Math.min(1, (now - lastAt) / MINUTE_MS);
  write(table, learnedCell(block, LEARNED.perMinute), perMinute * (1 + growth * minutes));
}

function creepOf(table: KeyTable, block: number, breaker: number, perMinute: number): number {
  if (countingOf(table, breaker) !== COUNTING.window) return CREEP_PER_MINUTE;
  const isDoubtful = perMinute < mostOf(readLearned(table, block, LEARNED.bounds));
  const doubt = isDoubtful ? Math.min(DOUBT_PER_MINUTE, DOUBT_PER_REQUEST * perMinute) : 0;
  return Math.max(CREEP_PER_MINUTE, doubt);
}

/** When a request that has no room now would have some, as far as the counts tell. */
export function learnedStart(table: KeyTable, block: number, breaker: number, now: number): number {
  if (learnedRoom(table, block, breaker, now) >= 1) return now;
  const perMinute = learnedPerMinute(table, block);
  const emptyAt = countingOf(table, breaker) === COUNTING.bucket ? bucketEmptyAt(table, block) : 0;
  const fits =
    emptyAt > 0
      ? bucketStart(table, block, emptyAt, now)
      : Math.min(
          passedFallsTo(table, block, perMinute - 1, now),
          learnedWindowEnd(table, block, breaker, now),
        );
  return fits > now ? fits : now + LOOK_MS;
}

function bucketStart(table: KeyTable, block: number, emptyAt: number, now: number): number {
  const perMinute = learnedPerMinute(table, block);
  const since = sentSince(readLearned(table, block, LEARNED.since));
  const regained = emptyAt + ((since + 1) * MINUTE_MS) / perMinute;
  return Math.max(regained, passedFallsTo(table, block, 2 * perMinute - 1, now));
}
