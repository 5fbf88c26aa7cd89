import { endpointCell, readCell, slotCell, type Need } from './cooldown-cells.ts';
import { classOf, endsByTime } from './cooldown-codes.ts';
import { forEachBinding, isEligible } from './eligibility.ts';
import type { KeyTable } from './key-table.ts';
import type { Candidate, TierPlan } from './plan.ts';
import { ENDPOINT_CELL, SLOT } from './table-layout.ts';
import type { Exclusion } from '../log/request-record.ts';

/** Weighted draws before one scan over the whole tier. */
const DRAWS = 4;
/** Exclusions an explanation names; a tier of thousands of keys must not blow a log record up. */
const MAX_EXCLUSIONS = 64;

/** What one request has been refused by already. */
export interface Tried {
  readonly candidates: Set<number>;
  /** Quota domains, by display path: nothing in or below them is asked again by this request. */
  readonly domains: Set<string>;
}

export const createTried = (): Tried => ({ candidates: new Set(), domains: new Set() });

/** When and with what chance something is chosen. */
export interface ChooseAt {
  readonly now: number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Where it is known: cooldowns that speak of larger needs only do not bind then. */
  readonly need?: Need;
}

/** Why a tier's candidates cannot be used now, and when that changes. */
export interface Explanation {
  readonly eligible: number;
  /** At most 64 of them, in the tier's order. */
  readonly excluded: readonly Exclusion[];
  /** Until the first cooled candidate becomes eligible by time; null when none is cooled. */
  readonly nextInMs: number | null;
  /** What keeps all candidates away: limits and funds, dead keys and overload, or both; `none` while one is eligible. */
  readonly blocked: 'time' | 'unavailable' | 'mixed' | 'none';
}

/**
 * Proposes a candidate of the tier, drawn by weight among those that nothing binds and that this request has not tried. Null when
 * there is none. A proposal only: `reserve` looks again under the lock.
 */
export function choose(
  table: KeyTable,
  tier: TierPlan,
  tried: Tried,
  at: ChooseAt,
): Candidate | null {
  const { candidates, cumulative } = tier;
  const total = cumulative[cumulative.length - 1] ?? 0;
  if (!(total > 0)) return null;
  for (let draw = 0; draw < DRAWS; draw += 1) {
    const candidate = candidates[placeOf(cumulative, at.random() * total)];
    if (candidate !== undefined && isUsable(table, candidate, tried, at)) return candidate;
  }
  return scan(table, candidates, tried, at);
}

/** One pass over all: keeps each usable candidate with its share of the weight seen so far, from one random number. */
function scan(
  table: KeyTable,
  candidates: readonly Candidate[],
  tried: Tried,
  at: ChooseAt,
): Candidate | null {
  let kept: Candidate | null = null;
  let seen = 0;
  let chance = at.random();
  for (const candidate of candidates) {
    if (!isUsable(table, candidate, tried, at)) continue;
    seen += candidate.weight;
    const share = candidate.weight / seen;
    if (chance < share) {
      kept = candidate;
      chance /= share;
    } else {
      chance = (chance - share) / (1 - share);
    }
  }
  return kept;
}

function isUsable(table: KeyTable, candidate: Candidate, tried: Tried, at: ChooseAt): boolean {
  return !wasTried(candidate, tried) && isEligible(table, candidate, at.now, at.need);
}

function wasTried(candidate: Candidate, tried: Tried): boolean {
  return tried.candidates.has(candidate.index) || domainWasTried(candidate, tried);
}

function domainWasTried({ domainPath }: Candidate, { domains }: Tried): boolean {
  if (domains.size === 0) return false;
  for (const path of domainPath) if (domains.has(path)) return true;
  return false;
}

/** Index of the first running sum above `value`. */
function placeOf(cumulative: Float64Array, value: number): number {
  let low = 0;
  let high = cumulative.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((cumulative[middle] ?? 0) > value) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The latest end of any cooldown in the table: after it, nothing is cooled. */
export function coolingUntil(table: KeyTable): number {
  let latest = 0;
  for (let endpoint = 0; endpoint < table.layout.counts.endpoints; endpoint += 1) {
    const until = readCell(table, endpointCell(table, endpoint, ENDPOINT_CELL.coolingUntil));
    if (until > latest) latest = until;
  }
  return latest;
}

/** Looks at every candidate of a tier: what keeps it away, and for how long. */
export function explain(table: KeyTable, tier: TierPlan, tried: Tried, now: number): Explanation {
  const excluded: Exclusion[] = [];
  let eligible = 0;
  let nextInMs: number | null = null;
  let byTime = 0;
  let unavailable = 0;
  for (const candidate of tier.candidates) {
    const obstacle = obstacleOf(table, candidate, tried, now);
    if (obstacle === null) {
      eligible += 1;
      continue;
    }
    if (obstacle.byTime) byTime += 1;
    else unavailable += 1;
    const { endsInMs } = obstacle.exclusion;
    if (endsInMs !== null && (nextInMs === null || endsInMs < nextInMs)) nextInMs = endsInMs;
    if (excluded.length < MAX_EXCLUSIONS) excluded.push(obstacle.exclusion);
  }
  excluded.push(...notAllowedIn(tier, MAX_EXCLUSIONS - excluded.length));
  const blocked = eligible > 0 ? 'none' : blockedBy(byTime, unavailable);
  return { eligible, excluded, nextInMs, blocked };
}

interface Obstacle {
  readonly exclusion: Exclusion;
  readonly byTime: boolean;
}

/** What keeps a candidate away: the cooldown that ends last, else that it was tried. Null: nothing. */
function obstacleOf(
  table: KeyTable,
  candidate: Candidate,
  tried: Tried,
  now: number,
): Obstacle | null {
  const name = { provider: candidate.provider.id, key: candidate.key.id };
  let last: { readonly slot: number; readonly scope: number; readonly endsAt: number } | null =
    null;
  let byTime = true;
  for (const scope of candidate.scopes) {
    forEachBinding(table, scope, now, (slot) => {
      const endsAt = readCell(table, slotCell(table, slot) + SLOT.endsAt);
      if (!endsByTime(slotClass(table, slot))) byTime = false;
      if (last === null || endsAt > last.endsAt) last = { slot, scope, endsAt };
    });
  }
  return last === null ? triedObstacle(name, candidate, tried) : cooled(last);

  function cooled(by: {
    readonly slot: number;
    readonly scope: number;
    readonly endsAt: number;
  }): Obstacle {
    const scope = table.plan.scopes[by.scope]?.kind ?? 'none';
    const why = slotClass(table, by.slot);
    return { exclusion: { ...name, why, scope, endsInMs: by.endsAt - now }, byTime };
  }
}

function triedObstacle(
  name: { readonly provider: string; readonly key: string },
  candidate: Candidate,
  tried: Tried,
): Obstacle | null {
  if (domainWasTried(candidate, tried)) {
    return {
      exclusion: { ...name, why: 'domain_tried', scope: 'node', endsInMs: null },
      byTime: true,
    };
  }
  if (!tried.candidates.has(candidate.index)) return null;
  return { exclusion: { ...name, why: 'tried', scope: 'key', endsInMs: null }, byTime: false };
}

const slotClass = (table: KeyTable, slot: number) =>
  classOf(readCell(table, slotCell(table, slot) + SLOT.class));

function notAllowedIn(tier: TierPlan, room: number): Exclusion[] {
  return tier.notAllowed.slice(0, Math.max(0, room)).map(({ provider, key }) => ({
    provider,
    key,
    why: 'model_not_allowed',
    scope: 'none',
    endsInMs: null,
  }));
}

function blockedBy(byTime: number, unavailable: number): 'time' | 'unavailable' | 'mixed' {
  if (byTime > 0 && unavailable > 0) return 'mixed';
  return byTime > 0 ? 'time' : 'unavailable';
}
