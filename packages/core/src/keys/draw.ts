import { isEligible } from './eligibility.ts';
import { rampOf } from './half-open.ts';
import { headroomOf, losesAt, windowEndOf } from './headroom.ts';
import { COUNTING, countingOf } from './learned-kind.ts';
import { beyondSiblings, passedUnknown, losesWindows } from './known-rates.ts';
import type { KeyTable } from './key-table.ts';
import { FIT, fitOf } from './limit-cells.ts';
import type { Need } from './need.ts';
import type { Candidate, TierPlan } from './plan.ts';

/** Tiers up to this size are looked at whole for a window that is about to end. */
const SMALL_TIER = 16;
/** Weighted draws after the first two, before one scan over the whole tier. */
const MORE_DRAWS = 4;
/** The first of two draws is kept unless the other has more left than this: or weights would give way to headroom. */
const KEEP_FIRST = 0.9;

/** What one request has been refused by already. */
export interface Tried {
  readonly candidates: Set<number>;
  /** Quota domains, by display path: nothing in or below them is asked again by this request. */
  readonly domains: Set<string>;
}

/** What a request needs at each candidate: providers charge by different rules. */
export interface Needs {
  of(candidate: Candidate): Need;
}

/** When and with what chance something is chosen. */
export interface ChooseAt {
  readonly now: number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** What the request needs, the same at every candidate. Without it or `needs`, one request of unknown size. */
  readonly need?: Need;
  /** What it needs where providers differ; goes before `need`. */
  readonly needs?: Needs;
  /** Hash of tenant and prefix: requests of one hash are kept in one domain where that costs nothing. */
  readonly affinity?: number;
}

export const needAt = (
  at: Pick<ChooseAt, 'need' | 'needs'>,
  candidate: Candidate,
): Need | undefined => (at.needs === undefined ? at.need : at.needs.of(candidate));

/** Candidates of a tier that lie beside each other, with the running sums they are drawn by. */
export interface Draw {
  readonly table: KeyTable;
  readonly tier: TierPlan;
  readonly weights: Float64Array;
  readonly tried: Tried;
  readonly at: ChooseAt;
}

/**
 * Two draws by weight, and the one with more left of its limits; then four more; then one pass over all from `first` up to `end`.
 * Null when nothing is usable.
 */
export function drawBetween(draw: Draw, first: number, end: number): Candidate | null {
  const ending = end - first <= SMALL_TIER ? firstToEnd(draw, first, end) : null;
  if (ending !== null) return ending;
  const one = drawUsable(draw, first, end);
  if (end - first < 2) return one ?? leastBold(draw, first, end);
  const other = drawUsable(draw, first, end);
  if (one !== null && other !== null && one !== other) {
    return better(draw, one, other);
  }
  if (one !== null || other !== null) return one ?? other;
  for (let more = 0; more < MORE_DRAWS; more += 1) {
    const candidate = drawUsable(draw, first, end);
    if (candidate !== null) return candidate;
  }
  return scan(draw, first, end) ?? leastBold(draw, first, end);
}

/** Where nothing else is left, the key of which nothing is known that has passed least beyond what others of its kind bear. */
function leastBold(draw: Draw, first: number, end: number): Candidate | null {
  const { table, tier, at } = draw;
  return usableWithLeast(draw, first, end, (candidate) => {
    const beyond = beyondSiblings(table, tier, candidate, at.now);
    return beyond > 0 ? beyond : Infinity;
  });
}

/** The usable candidate of which a measure is smallest; null where it is Infinity of all. */
function usableWithLeast(
  draw: Draw,
  first: number,
  end: number,
  measure: (candidate: Candidate) => number,
): Candidate | null {
  let kept: Candidate | null = null;
  let least = Infinity;
  for (let place = first; place < end; place += 1) {
    const candidate = draw.tier.candidates[place];
    if (candidate === undefined) continue;
    const value = measure(candidate);
    if (value >= least || !isUsable(draw, candidate)) continue;
    least = value;
    kept = candidate;
  }
  return kept;
}

/** Usable, and not only to find out what it bears. */
const isTrusted = (draw: Draw, candidate: Candidate): boolean =>
  isUsable(draw, candidate) && !(beyondSiblings(draw.table, draw.tier, candidate, draw.at.now) > 0);

/** What will be lost at the end of a long window goes first, then what has more left; about equal: the first, as weights have it. */
function better({ table, tier, at }: Draw, one: Candidate, other: Candidate): Candidate {
  const { now } = at;
  if (losesWindows(table, tier)) {
    const ends = losesAt(table, one, now);
    const otherEnds = losesAt(table, other, now);
    if (ends !== otherEnds) return ends < otherEnds ? one : other;
  }
  if (tier.weightless) {
    const passed = passedUnknown(table, one, now);
    const otherPassed = passed < 0 ? -1 : passedUnknown(table, other, now);
    if (otherPassed >= 0) return passed <= otherPassed + 1 ? one : other;
  }
  return headroomOf(table, one, now) >= KEEP_FIRST * headroomOf(table, other, now) ? one : other;
}

/** Of a few candidates the usable one whose window ends first with something left; null where nobody knows of any. */
function firstToEnd(draw: Draw, first: number, end: number): Candidate | null {
  const { table, tier, at } = draw;
  const saved = losesWindows(table, tier)
    ? usableWithLeast(draw, first, end, (candidate) => losesAt(table, candidate, at.now))
    : null;
  if (saved !== null || !tier.weightless || !countsWindows(draw, first)) return saved;
  return usableWithLeast(draw, first, end, (candidate) => windowEndOf(table, candidate, at.now));
}

/** Whether a provider that tells no limits is known to count by windows. */
const countsWindows = ({ table, tier }: Draw, first: number): boolean => {
  const candidate = tier.candidates[first];
  return candidate !== undefined && countingOf(table, candidate.breaker) === COUNTING.window;
};

/** One draw by weight; null when what was drawn is not usable. What comes back from a guess is drawn less often at first. */
function drawUsable(draw: Draw, first: number, end: number): Candidate | null {
  const { table, tier, weights, at } = draw;
  const base = first === 0 ? 0 : (weights[first - 1] ?? 0);
  const total = (weights[end - 1] ?? 0) - base;
  if (!(total > 0)) return null;
  const candidate = tier.candidates[placeOf(weights, base + at.random() * total, first, end)];
  if (candidate === undefined || !isTrusted(draw, candidate)) return null;
  const ramp = rampOf(table, candidate, at.now);
  return ramp >= 1 || at.random() < ramp ? candidate : null;
}

/** One pass: keeps each usable candidate with its share of the weight seen so far, from one random number. */
function scan(draw: Draw, first: number, end: number): Candidate | null {
  const { tier, weights, at } = draw;
  let kept: Candidate | null = null;
  let seen = 0;
  let chance = at.random();
  for (let place = first; place < end; place += 1) {
    const candidate = tier.candidates[place];
    if (candidate === undefined || !isTrusted(draw, candidate)) continue;
    const weight = (weights[place] ?? 0) - (place === 0 ? 0 : (weights[place - 1] ?? 0));
    seen += weight;
    const share = seen > 0 ? weight / seen : 1;
    if (kept === null || chance < share) {
      kept = candidate;
      chance /= share;
    } else {
      chance = (chance - share) / (1 - share);
    }
  }
  return kept;
}

/** Whether a request may go to a candidate now: it was not refused there, nothing is cooled, its need fits. */
export function isUsable(
  { table, tried, at }: Pick<Draw, 'table' | 'tried' | 'at'>,
  candidate: Candidate,
): boolean {
  if (wasTried(candidate, tried)) return false;
  const need = needAt(at, candidate);
  return (
    isEligible(table, candidate, at.now, need) && fitOf(table, candidate, at.now, need) === FIT.fits
  );
}

function wasTried(candidate: Candidate, tried: Tried): boolean {
  return tried.candidates.has(candidate.index) || domainWasTried(candidate, tried);
}

export function domainWasTried({ domainPath }: Candidate, { domains }: Tried): boolean {
  if (domains.size === 0) return false;
  for (const path of domainPath) if (domains.has(path)) return true;
  return false;
}

/** Index of the first running sum above `value`, from `first` up to, but without, `end`. */
function placeOf(sums: Float64Array, value: number, first: number, end: number): number {
  let low = first;
  let high = end - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sums[middle] ?? 0) > value) high = middle;
    else low = middle + 1;
  }
  return low;
}
