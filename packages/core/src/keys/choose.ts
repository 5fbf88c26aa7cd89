import { endpointCell, expectedEnd, readCell, slotClass } from './cooldown-cells.ts';
import { classOf, endsByTime } from './cooldown-codes.ts';
import { domainWasTried, needAt, type ChooseAt, type Tried } from './draw.ts';
import { forEachBinding } from './eligibility.ts';
import type { KeyTable } from './key-table.ts';
import { drawingWeights } from './known-rates.ts';
import { FIT, fitOf } from './limit-cells.ts';
import type { Need } from './need.ts';
import type { Candidate, TierPlan } from './plan.ts';
import { candidateStart } from './projection.ts';
import { chooseAffine, chooseByStrategy } from './strategies.ts';
import { ENDPOINT_CELL } from './table-layout.ts';
import type { Exclusion } from '../log/request-record.ts';
import { UNFIT } from './unfit.ts';

/** Exclusions an explanation names; a tier of thousands of keys must not blow a log record up. */
const MAX_EXCLUSIONS = 64;

export const createTried = (): Tried => ({ candidates: new Set(), domains: new Set() });

/** Why a tier's candidates cannot be used now, and when that changes. */
export interface Explanation {
  readonly eligible: number;
  /** At most 64 of them, in the tier's order. */
  readonly excluded: readonly Exclusion[];
  /** Until the first cooled candidate becomes eligible by time; null when none is cooled. */
  readonly nextInMs: number | null;
  /**
   * What keeps all candidates away: limits and funds, dead keys and overload, or both; `too_large` when no limit would ever hold the
   * request; `none` while one is eligible.
   */
  readonly blocked: 'time' | 'unavailable' | 'mixed' | 'too_large' | 'unfit' | 'none';
}

/**
 * Proposes a candidate of the tier by its pool's strategy, among those that nothing binds, that this request has not tried and whose
 * limits have room for its need. Null when there is none. A proposal only: `reserve` looks again under the lock.
 */
export function choose(
  table: KeyTable,
  tier: TierPlan,
  tried: Tried,
  at: ChooseAt,
): Candidate | null {
  if (tier.candidates.length === 0) return null;
  const draw = { table, tier, weights: drawingWeights(table, tier, at.now), tried, at };
  const kept = at.affinity === undefined ? null : chooseAffine(draw, at.affinity);
  return kept ?? chooseByStrategy(draw);
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

/** Looks at every candidate of a tier: what keeps it away from this need, and for how long. */
export function explain(
  table: KeyTable,
  tier: TierPlan,
  tried: Tried,
  at: Pick<ChooseAt, 'now' | 'need' | 'needs'>,
): Explanation {
  const excluded: Exclusion[] = [];
  let eligible = 0;
  let nextInMs: number | null = null;
  let byTime = 0;
  let unavailable = 0;
  let tooLarge = 0;
  let unfit = 0;
  for (const candidate of tier.candidates) {
    const obstacle = obstacleOf(table, candidate, tried, at);
    if (obstacle === null) {
      eligible += 1;
      continue;
    }
    if (isUnfit(obstacle.exclusion.why)) unfit += 1;
    else if (obstacle.exclusion.why === 'too_large_for_limit') tooLarge += 1;
    else if (obstacle.byTime) byTime += 1;
    else unavailable += 1;
    const { endsInMs } = obstacle.exclusion;
    if (endsInMs !== null && (nextInMs === null || endsInMs < nextInMs)) nextInMs = endsInMs;
    if (excluded.length < MAX_EXCLUSIONS) excluded.push(obstacle.exclusion);
  }
  excluded.push(...notAllowedIn(tier, MAX_EXCLUSIONS - excluded.length));
  const forGood = byTime + unavailable === 0 ? blockedForGood(tooLarge, unfit) : null;
  const blocked = eligible > 0 ? 'none' : (forGood ?? blockedBy(byTime, unavailable));
  return { eligible, excluded, nextInMs, blocked };
}

interface Obstacle {
  readonly exclusion: Exclusion;
  readonly byTime: boolean;
}

/** What keeps a candidate away: a limit too small, the cooldown that ends last, that it was tried, too little left. Null: nothing. */
function obstacleOf(
  table: KeyTable,
  candidate: Candidate,
  tried: Tried,
  at: Pick<ChooseAt, 'now' | 'need' | 'needs'>,
): Obstacle | null {
  const name = { provider: candidate.provider.id, key: candidate.key.id };
  const need = needAt(at, candidate);
  const fit = fitOf(table, candidate, at.now, need);
  if (need?.unfit !== undefined) {
    const exclusion = { ...name, why: need.unfit, scope: 'none', endsInMs: null } as const;
    return { exclusion, byTime: false };
  }
  if (fit === FIT.too_large) {
    const why = 'too_large_for_limit';
    return { exclusion: { ...name, why, scope: 'node_group', endsInMs: null }, byTime: false };
  }
  const by = lastCooldown(table, candidate, { now: at.now, need });
  if (by !== null) {
    const scope = table.plan.scopes[by.scope]?.kind ?? 'none';
    const why = classOf(slotClass(table, by.slot));
    return { exclusion: { ...name, why, scope, endsInMs: by.until - at.now }, byTime: by.byTime };
  }
  const refused = triedObstacle(name, candidate, tried);
  if (refused !== null || fit === FIT.fits) return refused;
  const start = candidateStart(table, candidate, at.now, need);
  const endsInMs = start < Infinity ? start - at.now : null;
  const why = 'window_exhausted_short';
  return { exclusion: { ...name, why, scope: 'node_group', endsInMs }, byTime: true };
}

interface Binding {
  readonly slot: number;
  readonly scope: number;
  readonly until: number;
  /** Whether time or a top-up ends all that binds. */
  readonly byTime: boolean;
}

function lastCooldown(
  table: KeyTable,
  candidate: Candidate,
  at: { readonly now: number; readonly need: Need | undefined },
): Binding | null {
  let last: Binding | null = null;
  let byTime = true;
  for (const scope of candidate.scopes) {
    forEachBinding(table, scope, at, (slot) => {
      const until = expectedEnd(table, slot, at.now);
      if (!endsByTime(classOf(slotClass(table, slot)))) byTime = false;
      if (last === null || until > last.until) last = { slot, scope, until, byTime };
    });
  }
  return withByTime(last, byTime);
}

const withByTime = (binding: Binding | null, byTime: boolean): Binding | null =>
  binding === null ? null : { ...binding, byTime };

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

function notAllowedIn(tier: TierPlan, room: number): Exclusion[] {
  return tier.notAllowed.slice(0, Math.max(0, room)).map(({ provider, key }) => ({
    provider,
    key,
    why: 'model_not_allowed',
    scope: 'none',
    endsInMs: null,
  }));
}

const UNFITS: ReadonlySet<string> = new Set(UNFIT);
const isUnfit = (why: string): boolean => UNFITS.has(why);

/** What no time mends: a limit that never holds the request, or models that cannot take it. */
function blockedForGood(tooLarge: number, unfit: number): 'too_large' | 'unfit' | null {
  if (tooLarge > 0) return 'too_large';
  return unfit > 0 ? 'unfit' : null;
}

function blockedBy(byTime: number, unavailable: number): 'time' | 'unavailable' | 'mixed' {
  if (byTime > 0 && unavailable > 0) return 'mixed';
  return byTime > 0 ? 'time' : 'unavailable';
}
