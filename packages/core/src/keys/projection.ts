import { expectedEnd, readCell, slotBinds } from './cooldown-cells.ts';
import { needAt, type ChooseAt } from './draw.ts';
import { forEachBinding } from './eligibility.ts';
import type { KeyTable } from './key-table.ts';
import { learnedStart } from './learned-limit.ts';
import { amountAt, isContinuous, limitCell, nodeCell, startOf } from './limit-cells.ts';
import { UNKNOWN_NEED, type Need } from './need.ts';
import type { Candidate, TierPlan } from './plan.ts';
import { LIMIT, LIMIT_SLOTS, NODE_CELL } from './table-layout.ts';

/** How soon a place at a node whose cap is reached is looked for again: nobody knows when an attempt ends. */
const PLACE_MS = 1000;

/**
 * The earliest instant at which some candidate of the tier can take the need, by its cooldowns and by what comes back to its limits;
 * `now` when one can at once, null when none ever can. A projection: others may take what comes back first.
 */
export function projectedStart(
  table: KeyTable,
  tier: TierPlan,
  at: Pick<ChooseAt, 'now' | 'need' | 'needs'>,
): number | null {
  let earliest = Infinity;
  for (const candidate of tier.candidates) {
    const start = candidateStart(table, candidate, at.now, needAt(at, candidate));
    if (start <= at.now) return at.now;
    if (start < earliest) earliest = start;
  }
  return earliest === Infinity ? null : earliest;
}

/** The same of one candidate; Infinity for never. */
export function candidateStart(
  table: KeyTable,
  candidate: Candidate,
  now: number,
  need?: Need,
): number {
  const wanted = need ?? UNKNOWN_NEED;
  // What its model cannot take at all, no time brings.
  if (wanted.unfit !== undefined) return Infinity;
  const { blocks } = candidate;
  let start = Math.max(cooledUntil(table, candidate, now, need), placeStart(table, candidate, now));
  for (let of = 0; of < blocks.length; of += 1) {
    const block = blocks[of] ?? 0;
    start = Math.max(start, learnedStart(table, block, candidate.breaker, now));
    for (let place = 0; place < LIMIT_SLOTS; place += 1) {
      const cell = limitCell(block, place);
      const tag = readCell(table, cell + LIMIT.tag);
      if (tag === 0) break;
      const amount = amountAt(table, cell, tag, wanted);
      if (amount > 0) start = Math.max(start, startOf(table, block, cell, { amount, now }));
    }
  }
  return start;
}

/** When the last cooldown that binds this need ends. */
function cooledUntil(table: KeyTable, { scopes }: Candidate, now: number, need?: Need): number {
  let until = now;
  for (const index of scopes) {
    const scope = table.plan.scopes[index];
    if (scope === undefined || !(readCell(table, table.layout.scopeEnds + index) > now)) continue;
    for (let slot = scope.firstSlot; slot < scope.firstSlot + scope.slots; slot += 1) {
      if (slotBinds(table, slot, now, need)) {
        until = Math.max(until, expectedEnd(table, slot, now));
      }
    }
  }
  return until;
}

function placeStart(table: KeyTable, { locks }: Candidate, now: number): number {
  for (const index of locks) {
    const cap = readCell(table, nodeCell(table, index, NODE_CELL.cap));
    if (cap > 0 && readCell(table, nodeCell(table, index, NODE_CELL.inFlight)) >= cap) {
      return now + PLACE_MS;
    }
  }
  return now;
}

/**
 * The next instant at which anything of the tier changes by time alone: a cooldown ends, a window begins anew, a continuous limit has
 * room for one more usual request. Null when nothing will.
 */
export function soonestChange(table: KeyTable, tier: TierPlan, now: number): number | null {
  let soonest = Infinity;
  const consider = (instant: number): void => {
    if (instant > now && instant < soonest) soonest = instant;
  };
  for (const candidate of tier.candidates) {
    for (const index of candidate.scopes) {
      forEachBinding(table, index, { now }, (slot) => consider(expectedEnd(table, slot, now)));
    }
    for (const block of candidate.blocks)
      considerLimits(table, block, candidate.breaker, now, consider);
  }
  return soonest === Infinity ? null : soonest;
}

function considerLimits(
  table: KeyTable,
  block: number,
  breaker: number,
  now: number,
  consider: (instant: number) => void,
): void {
  consider(learnedStart(table, block, breaker, now));
  for (let place = 0; place < LIMIT_SLOTS; place += 1) {
    const cell = limitCell(block, place);
    const tag = readCell(table, cell + LIMIT.tag);
    if (tag === 0) return;
    if (isContinuous(tag)) consider(startOf(table, block, cell, { amount: 1, now }));
    else consider(readCell(table, cell + LIMIT.resetAt));
  }
}
