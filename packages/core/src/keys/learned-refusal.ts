import { ASKED_EACH } from './cooldown-terms.ts';
import type { KeyTable } from './key-table.ts';
import {
  firstSince,
  inARowOf,
  isTold,
  learnedCell,
  learnedPerMinute,
  LEAST_PER_MINUTE,
  MINUTE_MS,
  MOST_IN_A_ROW,
  MOST_SINCE,
  mostOf,
  packBounds,
  readLearned,
  refusedSentAt,
  sentSince,
} from './learned-cells.ts';
import { COUNTING, countingOf, doubtWindow, noteCounting } from './learned-kind.ts';
import { forgetWindow, knowsWindow, windowFrom } from './learned-window.ts';
import {
  firstPassedAt,
  leastRefill,
  mostPassed,
  passedIn,
  passedSince,
  uncountPassed,
} from './passed-ring.ts';
import { HEADER, LEARNED } from './table-layout.ts';
import { write } from './table-journal.ts';

/**
 * What a refusal that names no limit teaches. Whatever the provider's limiter is, a bucket, a window of the clock or the last 60 s, at
 * least its limit has passed in the 60 s before it refuses. So what passed is a bound that only ever comes down to the limit, one event
 * after another, and need not fall below it: for the last 60 s it is the limit at once. Once it is known how the provider counts, the
 * bound is tighter. All of it under the locks of the node and the endpoint.
 */

/** One event takes at most this much: a refusal after a quiet minute was about something else. */
const MOST_DECREASE = 0.5;
/** What came within this says little about a minute. */
const BURST_MS = 20_000;
const LEAST_BURST_MS = 10_000;
const BURST_DECREASE = 0.95;
/** Where less than this passed, a refusal was not about the pace, and nothing can be learned from it. */
const LEAST_PASSED = 3;
/** A refusal at more than this share of what is known, less half a request, is what creeping up costs, and no surprise. */
const FORESEEN_SHARE = 0.97;
/** Fewer than these that had room say nothing: calls overtake each other. */
const LEAST_ROOM = 1;
const ROOM_SHARE = 0.01;
/** A row may be longer by one for each so many a minute: with more of them, more are sent before it is heard that one has passed. */
const UNHEARD_PER_MINUTE = 200;
/** From the third refusal in a row on one request is spared: what is asked as soon as a bucket may have regained one finds most of them. */
const CROWDED = 2;
/** While nobody knows when windows begin, so much of the last minute is taken to have passed in the present one, or more. */
const HELD_SHARE = 0.8;
/** A refusal with less than this share of the limit in the present window: it begins at another time, or there is none. */
const EXPECTED_SHARE = 0.8;
/** What a bucket regains is measured to a request or so: a little less costs less than one refusal more. */
const REGAINED_SHARE = 0.98;
/** Fewer than this that passed between two refusals say little about a pace: one event takes a fifth then. */
const TELLING_COUNT = 4;
const LEAST_STEP = 0.8;
/** Whoever draws by known rates looks again after changes that are larger than this. */
const NOTICEABLE = 0.05;

/** Takes back what was counted when it was sent, because it did not pass. */
export function uncountLearned(table: KeyTable, block: number, sentAt: number): void {
  if (!isTold(table, block)) uncountPassed(table, block, sentAt);
}

/** An attempt that was refused, and what was known by then. */
interface Refusal {
  readonly sentAt: number;
  readonly known: number;
  /** In the 60 s before. */
  readonly passed: number;
  /** Sent before the last refusal was heard of: they are one event. */
  readonly again: boolean;
  /** How many refusals in a row there were before. */
  readonly inARow: number;
}

/**
 * A refusal that named no limit, once it is taken back: no more than what is counted may pass. Returns whether it was to be expected,
 * because as much had passed as is known to: then the next may go as soon as the counts have room for it.
 */
export function lowerLearned(
  table: KeyTable,
  block: number,
  breaker: number,
  at: { readonly sentAt: number; readonly now: number },
): boolean {
  if (isTold(table, block)) return false;
  const { sentAt, now } = at;
  const known = learnedPerMinute(table, block);
  const passed = passedIn(table, block, sentAt);
  if (known === 0 && passed < LEAST_PASSED) return false;
  const again = sentAt <= readLearned(table, block, LEARNED.refusedAt);
  const inARow = inARowOf(readLearned(table, block, LEARNED.bounds));
  const refusal = { sentAt, known, passed, again, inARow };
  const foreseen = isForeseen(table, breaker, refusal);
  const bound = boundBy(table, block, breaker, refusal);
  const spared = foreseen && inARow >= CROWDED ? 1 : 0;
  const lowered = known === 0 ? bound : Math.min(bound, known) - spared;
  if (!(Math.abs(lowered - known) <= NOTICEABLE * known)) {
    Atomics.add(table.ints, HEADER.limitsChanged, 1);
  }
  write(table, learnedCell(block, LEARNED.perMinute), Math.max(LEAST_PER_MINUTE, lowered));
  noteRefusal(table, block, refusal, { now, lowered, foreseen });
  return foreseen;
}

/**
 * Whether a refusal is what creeping up costs, or what calls that overtake each other do, at a key that regains capacity little by little.
 * A window that is closed refuses whatever falls out of the last 60 s: one after another without one that passes is no such case.
 */
function isForeseen(
  table: KeyTable,
  breaker: number,
  { known, passed, again, inARow }: Refusal,
): boolean {
  const most = Math.min(MOST_IN_A_ROW, 1 + known / UNHEARD_PER_MINUTE);
  if (known === 0 || again || inARow >= most) return false;
  return isAtKnown(passed, known) && countingOf(table, breaker) !== COUNTING.window;
}

const isAtKnown = (passed: number, known: number): boolean => passed > FORESEEN_SHARE * known - 0.5;

/** Whether so little had passed that a limiter of the last 60 s would not have refused: what overtakes is fewer than that. */
const hadRoom = (passed: number, known: number): boolean =>
  known - passed >= Math.max(LEAST_ROOM, ROOM_SHARE * known);

/** When it was refused, and how much may have passed in its window. */
function noteRefusal(
  table: KeyTable,
  block: number,
  { sentAt, known, passed, again, inARow }: Refusal,
  of: { readonly now: number; readonly lowered: number; readonly foreseen: boolean },
): void {
  write(table, learnedCell(block, LEARNED.refusedAt), of.now);
  write(table, learnedCell(block, LEARNED.since), 0);
  const last = readLearned(table, block, LEARNED.refusedSentAt);
  const latest = Math.max(sentAt, Math.abs(last));
  const first = again ? last >= 0 : known === 0 || of.foreseen;
  write(table, learnedCell(block, LEARNED.refusedSentAt), first ? latest : -latest);
  const counted = knowsWindow(table, block) ? of.lowered : passed;
  const before = mostOf(readLearned(table, block, LEARNED.bounds));
  const most = again ? Math.min(counted, before) : counted;
  const row = of.foreseen ? inARow + 1 : MOST_IN_A_ROW;
  const bounds = packBounds({ most, least: 0, inARow: again ? inARow : row });
  write(table, learnedCell(block, LEARNED.bounds), bounds);
}

function boundBy(table: KeyTable, block: number, breaker: number, refusal: Refusal): number {
  const { sentAt, known, passed, again } = refusal;
  const tookMs = sentAt - firstPassedAt(table, block, sentAt);
  if (tookMs < BURST_MS) return boundOfBurst(refusal, tookMs);
  if (known > 0 && !again && hadRoom(passed, known)) {
    judgeCounting(table, block, breaker, refusal);
  }
  const least = known * MOST_DECREASE;
  switch (countingOf(table, breaker)) {
    case COUNTING.bucket:
      return again ? known : boundOfBucket(table, block, refusal);
    case COUNTING.window:
      return boundOfWindow(table, block, breaker, refusal);
    default:
      return Math.max(mostPassed(table, block, sentAt), least);
  }
}

/**
 * Where all that counts came within seconds, the limiter may count shorter than a minute: the pace is what came, as if it had gone on
 * like that, and comes down a little at each event.
 */
function boundOfBurst({ known, passed, again }: Refusal, tookMs: number): number {
  if (known === 0) return (passed * MINUTE_MS) / Math.max(LEAST_BURST_MS, tookMs);
  return again ? known : Math.max(passed, known * BURST_DECREASE);
}

/** A bucket must have regained something by then; what refuses all the same counts by windows. */
const REGAINED_BY_NOW = 1.2;
/** Of what passed in the last minute, so much a bucket regains in one at least. */
const LEAST_REGAINED = 0.75;
/** A window that has begun since the last refusal would have let through more than this share of the limit. */
const LEAST_OF_WINDOW = 0.5;

/**
 * What a refusal shows that should not have come if the provider counted the last 60 s: where nothing has passed since the one before, a
 * bucket would have regained something; where a little has, a window would have let through all of its limit.
 */
function judgeCounting(
  table: KeyTable,
  block: number,
  breaker: number,
  { sentAt, known, passed }: Refusal,
): void {
  const before = refusedSentAt(table, block);
  if (before === 0) return;
  const sinceMs = sentAt - before;
  const between = sentSince(readLearned(table, block, LEARNED.since)) - 1;
  const most = Math.max(known, mostOf(readLearned(table, block, LEARNED.bounds)));
  if (between <= 0) {
    const bucket = (LEAST_REGAINED * most * sinceMs) / MINUTE_MS;
    if (bucket >= REGAINED_BY_NOW) noteCounting(table, breaker, 'window');
  } else if (!isAtKnown(passed, known) && sinceMs < MINUTE_MS && between < LEAST_OF_WINDOW * most) {
    noteCounting(table, breaker, 'bucket');
  }
}

/** What passed in the present window; where nobody knows when that began, enough less than a minute's to be sure that a new one has. */
function boundOfWindow(
  table: KeyTable,
  block: number,
  breaker: number,
  { sentAt, known, passed, again }: Refusal,
): number {
  if (knowsWindow(table, block)) {
    const here = passedSince(table, block, windowFrom(table, block, sentAt), sentAt);
    if (here >= EXPECTED_SHARE * known) return here;
    forgetWindow(table, block);
    doubtWindow(table, breaker);
  }
  return again ? known : Math.max(HELD_SHARE * passed, passed - ASKED_EACH);
}

/** What a bucket regains in a minute, by what passed since it was empty last, or since it was full. A few that passed say little. */
function boundOfBucket(table: KeyTable, block: number, { sentAt, known }: Refusal): number {
  const since = readLearned(table, block, LEARNED.since);
  const before = refusedSentAt(table, block);
  const sent = Math.max(0, sentSince(since) - 1);
  const isCounted = since > 0 && sent < MOST_SINCE - 2;
  const ms = before > 0 ? sentAt - before : sentAt - firstSince(since) + MINUTE_MS;
  const steady = isCounted && ms > 0 ? (sent * MINUTE_MS) / ms : 0;
  const regained = Math.max(steady, leastRefill(table, block, sentAt));
  const least = known * (sent < TELLING_COUNT ? LEAST_STEP : MOST_DECREASE);
  return Math.max(REGAINED_SHARE * regained, least);
}
