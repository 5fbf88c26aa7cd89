import { readCell } from './cooldown-cells.ts';
import type { KeyTable } from './key-table.ts';
import { losesAt } from './headroom.ts';
import { isTold, learnedPerMinute } from './learned-cells.ts';
import { limitCell } from './limit-cells.ts';
import { dimensionInTag } from './limit-tag.ts';
import { passedIn } from './passed-ring.ts';
import type { Candidate, TierPlan } from './plan.ts';
import { quantityOfCode, spanOfCode } from './quantity.ts';
import { usualNeed } from './size-stats.ts';
import { HEADER, LIMIT, LIMIT_SLOTS } from './table-layout.ts';

/** Working them out looks at every candidate: not for every request, and soon after limits have changed. */
const SOONEST_MS = 250;
const LATEST_MS = 30_000;

/**
 * The running sums by which a tier's candidates are drawn: the operator's weights; where nobody gave any, what each candidate is known
 * to bear, requests of the usual size a millisecond. One of which nothing is known counts as the average of the others.
 */
export function drawingWeights(table: KeyTable, tier: TierPlan, now: number): Float64Array {
  if (!tier.weightless || tier.candidates.length < 2) return tier.cumulative;
  const known = table.rates[tier.index];
  const changed = Atomics.load(table.ints, HEADER.limitsChanged);
  if (known !== undefined) {
    const age = now - known.builtAt;
    const fresh = known.changed === changed ? age < LATEST_MS : age < SOONEST_MS;
    if (fresh && age >= 0) return known.cumulative;
  }
  const sharers = known?.sharers ?? countSharers(tier);
  const cumulative = sumRates(table, tier, sharers);
  const losing = isLosing(table, tier, now);
  const paces = learnedPaces(table, tier);
  table.rates[tier.index] = { changed, builtAt: now, cumulative, sharers, losing, paces };
  return cumulative;
}

const NO_PACES: ReadonlyMap<number, number> = new Map();

/** The least that was learned of any key, by endpoint and model. */
function learnedPaces(table: KeyTable, tier: TierPlan): ReadonlyMap<number, number> {
  let paces: Map<number, number> | null = null;
  for (const { blocks, breaker } of tier.candidates) {
    for (const block of blocks) {
      if (isTold(table, block)) continue;
      const perMinute = learnedPerMinute(table, block);
      if (perMinute === 0) continue;
      paces ??= new Map();
      paces.set(breaker, Math.min(perMinute, paces.get(breaker) ?? Infinity));
    }
  }
  return paces ?? NO_PACES;
}

/**
 * What a key of which nothing is known has passed beyond what others of its kind are known to bear; below zero where it has not come to
 * that, or nothing is known of the others either.
 */
export function beyondSiblings(
  table: KeyTable,
  tier: TierPlan,
  candidate: Candidate,
  now: number,
): number {
  const pace = table.rates[tier.index]?.paces.get(candidate.breaker);
  if (pace === undefined) return -1;
  const passed = passedUnknown(table, candidate, now);
  return passed < 0 ? -1 : passed + 1 - pace;
}

/** What passed in the last minute at a key of which nothing is known; below zero where something is. */
export function passedUnknown(table: KeyTable, { blocks }: Candidate, now: number): number {
  let most = -1;
  for (let of = 0; of < blocks.length; of += 1) {
    const block = blocks[of] ?? 0;
    if (isTold(table, block)) return -1;
    if (learnedPerMinute(table, block) > 0) return -1;
    most = Math.max(most, passedIn(table, block, now));
  }
  return most;
}

/** While nothing is known of a candidate it has to be found out, and not be passed over for one that has something to lose. */
function isLosing(table: KeyTable, tier: TierPlan, now: number): boolean {
  let losing = false;
  for (const candidate of tier.candidates) {
    const known = candidate.blocks.some((block) => isTold(table, block));
    if (!known) return false;
    losing ||= losesAt(table, candidate, now) < Infinity;
  }
  return losing;
}

/** Whether all of a tier is known, and some of it was last seen with a long window of which something will be lost. */
export const losesWindows = (table: KeyTable, tier: TierPlan): boolean =>
  table.rates[tier.index]?.losing === true;

function countSharers(tier: TierPlan): ReadonlyMap<number, number> {
  const sharers = new Map<number, number>();
  for (const { blocks } of tier.candidates) {
    for (const block of blocks) sharers.set(block, (sharers.get(block) ?? 0) + 1);
  }
  return sharers;
}

function sumRates(
  table: KeyTable,
  tier: TierPlan,
  sharers: ReadonlyMap<number, number>,
): Float64Array {
  const rates = new Float64Array(tier.candidates.length);
  let sum = 0;
  let known = 0;
  for (const [index, { blocks, breaker }] of tier.candidates.entries()) {
    const usual = usualNeed(table, breaker);
    let rate = Infinity;
    for (const block of blocks) {
      rate = Math.min(rate, rateOf(table, block, usual) / (sharers.get(block) ?? 1));
    }
    rates[index] = rate;
    if (!(rate < Infinity)) continue;
    sum += rate;
    known += 1;
  }
  if (known === 0 || sum === 0) return tier.cumulative;
  let running = 0;
  for (const [index, rate] of rates.entries()) {
    running += rate < Infinity ? rate : sum / known;
    rates[index] = running;
  }
  return rates;
}

/** Usual requests a millisecond that a block bears in the long run; Infinity where nothing is known. */
function rateOf(table: KeyTable, block: number, usual: readonly number[]): number {
  // Nothing is learned where limits are told: they lie in its place.
  const perMinute = isTold(table, block) ? 0 : learnedPerMinute(table, block);
  let rate = perMinute > 0 ? perMinute / 60_000 : Infinity;
  for (let place = 0; place < LIMIT_SLOTS; place += 1) {
    const at = limitCell(block, place);
    const tag = readCell(table, at + LIMIT.tag);
    if (tag === 0) break;
    const code = dimensionInTag(tag);
    const amount = usual[quantityOfCode(code)] ?? 0;
    const span = spanOfCode(code);
    if (amount > 0 && span < Infinity) {
      rate = Math.min(rate, readCell(table, at + LIMIT.limit) / span / amount);
    }
  }
  return rate;
}
