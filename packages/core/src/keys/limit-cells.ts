import { readCell } from './cooldown-cells.ts';
import type { KeyTable } from './key-table.ts';
import { isTold } from './learned-cells.ts';
import { countLearned, learnedRoom } from './learned-limit.ts';
import { dimensionInTag, MARK, REFILL, refillInTag } from './limit-tag.ts';
import { UNKNOWN_NEED, wantedOf, type Need } from './need.ts';
import type { Candidate } from './plan.ts';
import { QUANTITIES, QUANTITY, quantityOfCode, spanOfCode } from './quantity.ts';
import { BLOCK, LIMIT, LIMIT_SLOTS, NODE_CELL } from './table-layout.ts';
import { write } from './table-journal.ts';

/**
 * Limits of one limit group at one node: its block. What an attempt is charged at once goes to the block's `used`, what it may still
 * be charged to `open`; a limit is read as what was left when it was told, less what was used since, plus what came back since, less
 * what is open.
 */

/** Whether a request fits into every limit on a candidate's path. */
export const FIT = Object.freeze({
  fits: 0,
  /** Something has too little left now. */
  not_now: 1,
  /** Something is smaller than the request, however much is left. */
  too_large: 2,
  /** The model cannot take the request. */
  unfit: 3,
});

export const limitCell = (block: number, place: number): number =>
  block + BLOCK.limits + place * LIMIT.cells;

export const nodeCell = (table: KeyTable, node: number, cell: number): number =>
  table.layout.nodes + node * NODE_CELL.cells + cell;

/** How a limit of which nobody knows how it refills is taken: as a window, until it is seen to rise. */
export const isContinuous = (tag: number): boolean => refillInTag(tag) === REFILL.continuous;

/** All that a block has been charged of a quantity, less what it was given back. */
export const chargedBy = (table: KeyTable, block: number, quantity: number): number =>
  readCell(table, block + BLOCK.used + quantity) - readCell(table, block + BLOCK.given + quantity);

/** What is left of one limit at `now` for new requests. Never above the limit; below zero when more runs than fits. */
export function effectiveOf(table: KeyTable, block: number, at: number, now: number): number {
  const { cells } = table;
  const tag = cells[at + LIMIT.tag] ?? 0;
  const quantity = quantityOfCode(dimensionInTag(tag));
  const open = cells[block + BLOCK.open + quantity] ?? 0;
  const limit = cells[at + LIMIT.limit] ?? 0;
  // Places come back when attempts end, which is our own account.
  if (quantity === QUANTITY.places) return limit - open;
  const resetAt = cells[at + LIMIT.resetAt] ?? 0;
  if (!isContinuous(tag) && resetAt > 0 && resetAt <= now) return limit - open;
  const used = chargedBy(table, block, quantity);
  const since = now - (cells[at + LIMIT.at] ?? 0);
  const back = since > 0 ? (cells[at + LIMIT.rate] ?? 0) * since : 0;
  return Math.min(limit, (cells[at + LIMIT.balance] ?? 0) - used + back) - open;
}

/**
 * What comes back in this time is kept back where limits refill continuously: a call that waits is sent in the moment in which it fits,
 * and then the network's jitter and attempts that overtake each other would decide like a coin. It is held back once, not once a
 * window, so it costs no throughput; but as long as a burst lasts, nobody has it. Of requests only what came back since is in doubt:
 * what the provider itself said is left, less what was sent since, is there.
 */
const GUARD_MS = 90;
/** Tokens of a call are an estimate, which may be off by about this share of them. */
const ESTIMATE_SHARE = 0.1;

/** What has to be left of a limit beside an amount that is to be taken. A request of the limit's own size needs no more than all of it. */
function guardOf(table: KeyTable, block: number, at: number, amount: number): number {
  const tag = readCell(table, at + LIMIT.tag);
  const quantity = quantityOfCode(dimensionInTag(tag));
  const isEstimate = quantity === QUANTITY.tokens || quantity === QUANTITY.inputTokens;
  const backMeanwhile = isContinuous(tag) ? readCell(table, at + LIMIT.rate) * GUARD_MS : 0;
  const inDoubt = backMeanwhile + (isEstimate ? amount * ESTIMATE_SHARE : 0);
  const guard = Math.max(0, Math.min(inDoubt, readCell(table, at + LIMIT.limit) - amount));
  if (guard === 0 || quantity !== QUANTITY.requests) return guard;
  const used = chargedBy(table, block, QUANTITY.requests);
  const open = readCell(table, block + BLOCK.open + QUANTITY.requests);
  const there = readCell(table, at + LIMIT.balance) - used - open;
  return there >= amount ? 0 : guard;
}

/** What a need wants of a limit; Infinity where the limit never holds it. A limit that is only a guess may be larger than it looks. */
export function amountAt(table: KeyTable, at: number, tag: number, need: Need): number {
  const quantity = quantityOfCode(dimensionInTag(tag));
  if ((tag & MARK.guessed) !== 0) return need.total[quantity] ?? 0;
  return wantedOf(need, quantity, readCell(table, at + LIMIT.limit));
}

/** Whether a need fits at a candidate now. Safe without locks as a first look; what counts is the look under them. */
export function fitOf(table: KeyTable, candidate: Candidate, now: number, need?: Need): number {
  const { blocks } = candidate;
  const wanted = need ?? UNKNOWN_NEED;
  if (wanted.unfit !== undefined) return FIT.unfit;
  let fit: number = hasPlace(table, candidate, now) ? FIT.fits : FIT.not_now;
  for (let of = 0; of < blocks.length; of += 1) {
    const block = blocks[of] ?? 0;
    if (!isTold(table, block)) {
      if (!(learnedRoom(table, block, candidate.breaker, now) >= 1)) fit = FIT.not_now;
      continue;
    }
    for (let place = 0; place < LIMIT_SLOTS; place += 1) {
      const at = limitCell(block, place);
      const tag = readCell(table, at + LIMIT.tag);
      if (tag === 0) break;
      const amount = amountAt(table, at, tag, wanted);
      if (amount === 0) continue;
      if (amount === Infinity) return FIT.too_large;
      const enough = amount + guardOf(table, block, at, amount);
      if (enough > effectiveOf(table, block, at, now)) fit = FIT.not_now;
    }
  }
  return fit;
}

/** How soon a place is looked for again: nobody knows when an attempt ends. */
const PLACE_MS = 1000;

/** A cap that was learned from a refusal rises by one for every 30 s at it. */
const AT_CAP_MS = 30_000;

/** Whether every node on the path bears one more attempt at the same time. */
function hasPlace(table: KeyTable, { locks }: Candidate, now: number): boolean {
  for (let of = 0; of < locks.length; of += 1) {
    const node = nodeCell(table, locks[of] ?? 0, 0);
    const cap = readCell(table, node + NODE_CELL.cap);
    if (cap === 0 || readCell(table, node + NODE_CELL.inFlight) < cap) continue;
    if (now - readCell(table, node + NODE_CELL.capSince) < AT_CAP_MS) return false;
  }
  return true;
}

/** Under the nodes' locks: takes a need that fits, and moves on what time has changed. */
export function takeLimits(table: KeyTable, candidate: Candidate, need: Need, now: number): void {
  const { blocks, locks } = candidate;
  for (let of = 0; of < blocks.length; of += 1) {
    const block = blocks[of] ?? 0;
    rollLimits(table, block, now);
    countLearned(table, block, candidate.breaker, now);
    for (let quantity = 0; quantity < QUANTITIES; quantity += 1) {
      const late = need.late[quantity] ?? 0;
      const upfront = (need.total[quantity] ?? 0) - late;
      if (upfront > 0) addTo(table, block + BLOCK.used + quantity, upfront);
      if (late > 0) addTo(table, block + BLOCK.open + quantity, late);
    }
    takePlace(table, locks[of] ?? 0, now);
  }
}

function takePlace(table: KeyTable, index: number, now: number): void {
  const node = nodeCell(table, index, 0);
  const inFlight = readCell(table, node + NODE_CELL.inFlight);
  const cap = readCell(table, node + NODE_CELL.cap);
  if (cap > 0 && inFlight >= cap) {
    write(table, node + NODE_CELL.cap, cap + 1);
    write(table, node + NODE_CELL.capSince, now);
  }
  write(table, node + NODE_CELL.inFlight, inFlight + 1);
}

/**
 * Windows that have ended begin anew, and what is full stops growing: what comes back to a full limit is lost, and must not make up
 * for what is used later.
 */
function rollLimits(table: KeyTable, block: number, now: number): void {
  for (let place = 0; place < LIMIT_SLOTS; place += 1) {
    const at = limitCell(block, place);
    const tag = readCell(table, at + LIMIT.tag);
    if (tag === 0) return;
    const used = chargedBy(table, block, quantityOfCode(dimensionInTag(tag)));
    const limit = readCell(table, at + LIMIT.limit);
    const resetAt = readCell(table, at + LIMIT.resetAt);
    if (isContinuous(tag)) {
      const back = readCell(table, at + LIMIT.rate) * (now - readCell(table, at + LIMIT.at));
      if (readCell(table, at + LIMIT.balance) - used + back <= limit) continue;
    } else {
      if (resetAt === 0 || resetAt > now) continue;
      write(table, at + LIMIT.resetAt, nextReset(resetAt, spanOfCode(dimensionInTag(tag)), now));
      write(table, at + LIMIT.told, -1);
    }
    write(table, at + LIMIT.balance, limit + used);
    write(table, at + LIMIT.at, now);
  }
}

/** When an amount that does not fit now will, as far as time brings it back; Infinity where it never does. */
export function startOf(
  table: KeyTable,
  block: number,
  at: number,
  need: { readonly amount: number; readonly now: number },
): number {
  const { amount, now } = need;
  const tag = readCell(table, at + LIMIT.tag);
  const missing = amount + guardOf(table, block, at, amount) - effectiveOf(table, block, at, now);
  if (missing <= 0) return now;
  if ((tag & MARK.guessed) === 0 && amount > readCell(table, at + LIMIT.limit)) return Infinity;
  const span = spanOfCode(dimensionInTag(tag));
  if (span === Infinity) return now + PLACE_MS;
  if (isContinuous(tag)) {
    const rate = readCell(table, at + LIMIT.rate);
    return rate > 0 ? now + missing / rate : now + span;
  }
  const resetAt = readCell(table, at + LIMIT.resetAt);
  return resetAt > now ? resetAt : now + span;
}

/** The first end of a window after `now`, for windows that follow on each other. */
export function nextReset(resetAt: number, spanMs: number, now: number): number {
  if (resetAt > now || !(spanMs > 0 && spanMs < Infinity)) return resetAt > now ? resetAt : 0;
  return resetAt + spanMs * (Math.floor((now - resetAt) / spanMs) + 1);
}

/** Under the nodes' locks: what an attempt still held is given back, and what it was charged in the end is counted. */
export function returnLimits(
  table: KeyTable,
  candidate: Candidate,
  need: Need,
  charged: readonly number[],
): void {
  const { blocks, locks } = candidate;
  for (let of = 0; of < blocks.length; of += 1) {
    const block = blocks[of] ?? 0;
    for (let quantity = 0; quantity < QUANTITIES; quantity += 1) {
      const late = need.late[quantity] ?? 0;
      const upfront = (need.total[quantity] ?? 0) - late;
      const more = (charged[quantity] ?? 0) - upfront;
      if (more > 0) addTo(table, block + BLOCK.used + quantity, more);
      if (more < 0) addTo(table, block + BLOCK.given + quantity, -more);
      if (late > 0) addTo(table, block + BLOCK.open + quantity, -late);
    }
    addTo(table, nodeCell(table, locks[of] ?? 0, NODE_CELL.inFlight), -1);
  }
}

function addTo(table: KeyTable, cell: number, by: number): void {
  write(table, cell, readCell(table, cell) + by);
}
