import { readCell } from './cooldown-cells.ts';
import type { KeyTable } from './key-table.ts';
import { isTold, learnedPerMinute, MINUTE_MS } from './learned-cells.ts';
import { learnedRoom, learnedWindowEnd } from './learned-limit.ts';
import { passedIn } from './passed-ring.ts';
import { effectiveOf, isContinuous, limitCell } from './limit-cells.ts';
import { dimensionInTag } from './limit-tag.ts';
import type { Candidate } from './plan.ts';
import { spanOfCode } from './quantity.ts';
import { LIMIT, LIMIT_SLOTS } from './table-layout.ts';

/** A window that is nearly over counts as this much of it at least, so that the last second is no reason for everything. */
const LEAST_SHARE = 0.05;

/**
 * How much a candidate has left: the smallest of effective ÷ limit over every limit on its path, 1 where none is known. What a window
 * has left is held against the share of the window that is left: it is lost at its end.
 */
export function headroomOf(table: KeyTable, { blocks, breaker }: Candidate, now: number): number {
  let least = Infinity;
  for (let of = 0; of < blocks.length; of += 1) {
    const block = blocks[of] ?? 0;
    if (!isTold(table, block)) {
      const perMinute = learnedPerMinute(table, block);
      if (perMinute > 0) {
        const left = learnedWindowEnd(table, block, breaker, now) - now;
        const share = left < Infinity ? Math.min(1, Math.max(LEAST_SHARE, left / MINUTE_MS)) : 1;
        least = Math.min(least, learnedRoom(table, block, breaker, now) / perMinute / share);
      }
      continue;
    }
    for (let place = 0; place < LIMIT_SLOTS; place += 1) {
      const at = limitCell(block, place);
      if (readCell(table, at + LIMIT.tag) === 0) break;
      const room = roomOf(table, block, at, now);
      if (room < least) least = room;
    }
  }
  return least === Infinity ? 1 : least;
}

/** A window of which nobody knows when it ends is over in half a minute, one with another. */
const USUAL_END_MS = MINUTE_MS / 2;

/**
 * When the first of a candidate's learned windows is over, as far as anybody knows: of those of which nobody does, one that has passed
 * less is taken to be over a little earlier. Infinity where limits are told.
 */
export function windowEndOf(table: KeyTable, { blocks, breaker }: Candidate, now: number): number {
  let soonest = Infinity;
  for (let of = 0; of < blocks.length; of += 1) {
    const block = blocks[of] ?? 0;
    if (isTold(table, block)) continue;
    const end = learnedWindowEnd(table, block, breaker, now);
    const usual = now + USUAL_END_MS + passedIn(table, block, now);
    soonest = Math.min(soonest, end < Infinity ? end : usual);
  }
  return soonest;
}

/** Windows longer than this are worth using up before they end: what is left of them then was paid for and is lost. */
const LONG_MS = 3_600_000;

/**
 * When the first of a candidate's long windows ends of which more is left than of its time: what is left then is lost. Infinity where
 * nothing will be, or no long window is known.
 */
export function losesAt(table: KeyTable, { blocks }: Candidate, now: number): number {
  let soonest = Infinity;
  for (let of = 0; of < blocks.length; of += 1) {
    const block = blocks[of] ?? 0;
    for (let place = 0; place < LIMIT_SLOTS; place += 1) {
      const at = limitCell(block, place);
      const tag = readCell(table, at + LIMIT.tag);
      if (tag === 0) break;
      const span = spanOfCode(dimensionInTag(tag));
      if (isContinuous(tag) || !(span > LONG_MS) || !(span < Infinity)) continue;
      const endsAt = readCell(table, at + LIMIT.resetAt);
      if (!(endsAt > now) || endsAt >= soonest) continue;
      const room = effectiveOf(table, block, at, now) / readCell(table, at + LIMIT.limit);
      if (room > (endsAt - now) / span) soonest = endsAt;
    }
  }
  return soonest;
}

function roomOf(table: KeyTable, block: number, at: number, now: number): number {
  const room = effectiveOf(table, block, at, now) / readCell(table, at + LIMIT.limit);
  const tag = readCell(table, at + LIMIT.tag);
  if (isContinuous(tag)) return room;
  const span = spanOfCode(dimensionInTag(tag));
  const left = readCell(table, at + LIMIT.resetAt) - now;
  if (!(span < Infinity) || !(left > 0)) return room;
  return room / Math.min(1, Math.max(LEAST_SHARE, left / span));
}
