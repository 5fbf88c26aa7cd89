// From runs to figures: one strategy against the oracle on the same scenario, then all seeds of a mix together.
import { takenOf } from './draw.ts';
import type { RunResult } from './driver.ts';
import { jainByMinute, weightError } from './fairness.ts';
import { mostTaken, type LimitCounts } from './limiter.ts';
import type { RequestSpec, Scenario } from './scenario.ts';

/** What one seed gave. */
export interface SeedFigures {
  readonly seed: number;
  /** The lower of requests and tokens, as a share of the oracle's. */
  readonly goodput: number;
  /** Answered requests as a share of all that came. */
  readonly answered: number;
  readonly ofGroups: readonly GroupCount[];
  readonly attempts: number;
  readonly refusals: number;
  readonly wasted: number;
  /** Paired by request, milliseconds: how much longer it waited than under the oracle. */
  readonly longerMs: Float64Array;
  readonly oracleWaitMs: Float64Array;
  readonly jain: readonly number[];
  readonly weightError: number;
  /** Upper bound of what could be answered, as a share of the oracle's. */
  readonly fluid: number;
}

/** Requests answered to a part of the traffic, and by the oracle. */
export interface GroupCount {
  readonly group: string;
  readonly served: number;
  readonly byOracle: number;
}

export interface MixFigures {
  readonly goodputMean: number;
  readonly goodputWorst: number;
  readonly worstSeed: number;
  readonly answered: number;
  /** The size tercile or tenant that fared worst against the oracle. */
  readonly worstGroup: string;
  readonly worstGroupShare: number;
  readonly wastedShare: number;
  readonly refusedShare: number;
  readonly attemptsPerRequest: number;
  readonly longerP50Ms: number;
  readonly longerP90Ms: number;
  readonly longerP99Ms: number;
  readonly toleranceMs: number;
  readonly oracleP99Ms: number;
  readonly jainMean: number;
  readonly jainP5: number;
  readonly weightError: number;
  readonly fluid: number;
}

const tokensOf = (request: RequestSpec): number => request.size.inputTokens + request.outputTokens;

export function seedFigures(result: RunResult, best: RunResult, weighted: boolean): SeedFigures {
  const { scenario, servedAt } = result;
  const { requests } = scenario;
  const longerMs = new Float64Array(requests.length);
  const oracleWaitMs = new Float64Array(requests.length);
  const served = { requests: 0, tokens: 0 };
  const byOracle = { requests: 0, tokens: 0 };
  for (const request of requests) {
    const { id } = request.view;
    const wait = waitOf(request, servedAt[id]);
    const least = waitOf(request, best.servedAt[id]);
    longerMs[id] = wait - least;
    oracleWaitMs[id] = least;
    count(served, request, servedAt[id]);
    count(byOracle, request, best.servedAt[id]);
  }
  return {
    seed: scenario.seed,
    goodput: Math.min(
      ratio(served.requests, byOracle.requests),
      ratio(served.tokens, byOracle.tokens),
    ),
    answered: ratio(served.requests, requests.length),
    ofGroups: groupCounts(scenario, result, best),
    attempts: result.attempts,
    refusals: result.refusals,
    wasted: result.wasted,
    longerMs,
    oracleWaitMs,
    jain: jainByMinute(scenario, servedAt),
    weightError: weighted ? weightError(scenario, servedAt) : 0,
    fluid: ratio(fluidBound(scenario), byOracle.requests),
  };
}

const isServed = (at: number | undefined): boolean => !Number.isNaN(at ?? Number.NaN);

/** A refusal counts as all of the patience. */
function waitOf(request: RequestSpec, at: number | undefined): number {
  return isServed(at) ? (at ?? 0) - request.view.arrivedAt : request.patienceMs;
}

function count(
  into: { requests: number; tokens: number },
  request: RequestSpec,
  at: number | undefined,
): void {
  if (!isServed(at)) return;
  into.requests += 1;
  into.tokens += tokensOf(request);
}

const ratio = (part: number, whole: number): number => (whole === 0 ? 1 : part / whole);

const servedOf = (members: readonly RequestSpec[], { servedAt }: RunResult): number =>
  members.reduce((sum, { view }) => sum + (isServed(servedAt[view.id]) ? 1 : 0), 0);

function groupCounts(scenario: Scenario, result: RunResult, best: RunResult): GroupCount[] {
  const { requests, tenants } = scenario;
  const bySize = requests.toSorted((a, b) => tokensOf(a) - tokensOf(b));
  const third = Math.ceil(bySize.length / 3);
  const groups = ['small', 'middle', 'large'].map((group, place) => ({
    group,
    members: bySize.slice(place * third, (place + 1) * third),
  }));
  if (tenants.length > 1) {
    tenants.forEach((_, tenant) =>
      groups.push({
        group: `tenant ${tenant + 1}`,
        members: requests.filter(({ view }) => view.tenant === tenant),
      }),
    );
  }
  return groups.map(({ group, members }) => ({
    group,
    served: servedOf(members, result),
    byOracle: servedOf(members, best),
  }));
}

const BOUNDED: readonly LimitCounts[] = ['requests', 'tokens', 'input_tokens'];

/** Requests that fit into all that the limits ever give, smallest first and cut as finely as one likes. */
export function fluidBound({ keys, requests, durationMs }: Scenario): number {
  const patience = requests.reduce((most, each) => Math.max(most, each.patienceMs), 0);
  const until = durationMs + patience;
  let bound = requests.length;
  for (const counts of BOUNDED) {
    let supply = 0;
    for (const { limits } of keys) {
      const own = limits.filter((limit) => limit.counts === counts);
      supply += own.reduce((least, rule) => Math.min(least, mostTaken(rule, until)), Infinity);
    }
    // what is given back in the end can be taken again
    const settles = counts === 'tokens' && keys.some(({ face }) => face === 'cerebras');
    const needs = requests
      .map((request) => (settles ? tokensOf(request) : takenOf(counts, request)))
      .toSorted((a, b) => a - b);
    let fitting = 0;
    while (fitting < needs.length && supply >= (needs[fitting] ?? 0)) {
      supply -= needs[fitting] ?? 0;
      fitting += 1;
    }
    bound = Math.min(bound, fitting);
  }
  return bound;
}

/** The value below which a share of the values lies; 0 of none. */
function quantile(sorted: Float64Array | readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

function pooled(lists: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(lists.reduce((sum, list) => sum + list.length, 0));
  let at = 0;
  for (const list of lists) {
    all.set(list, at);
    at += list.length;
  }
  return all.toSorted();
}

const mean = (values: readonly number[]): number =>
  values.length === 0 ? 1 : values.reduce((sum, each) => sum + each, 0) / values.length;

/** Largest difference of waits that is no difference: 5 % of the oracle's p99, at least this. */
const LEAST_TOLERANCE_MS = 50;

export function mixFigures(seeds: readonly SeedFigures[]): MixFigures {
  const sum = (of: (each: SeedFigures) => number): number =>
    seeds.reduce((total, each) => total + of(each), 0);
  const longer = pooled(seeds.map((each) => each.longerMs));
  const oracleP99Ms = quantile(pooled(seeds.map((each) => each.oracleWaitMs)), 0.99);
  const jains = seeds.flatMap((each) => [...each.jain]).toSorted((a, b) => a - b);
  const worst = seeds.reduce((least, each) => (each.goodput < least.goodput ? each : least));
  const group = worstGroup(seeds);
  const attempts = sum((each) => each.attempts);
  return {
    goodputMean: mean(seeds.map((each) => each.goodput)),
    goodputWorst: worst.goodput,
    worstSeed: worst.seed,
    answered: mean(seeds.map((each) => each.answered)),
    worstGroup: group.name,
    worstGroupShare: group.share,
    wastedShare: ratio(
      sum((each) => each.wasted),
      Math.max(1, attempts),
    ),
    refusedShare: ratio(
      sum((each) => each.refusals),
      Math.max(1, attempts),
    ),
    attemptsPerRequest: attempts / Math.max(1, longer.length),
    longerP50Ms: quantile(longer, 0.5),
    longerP90Ms: quantile(longer, 0.9),
    longerP99Ms: quantile(longer, 0.99),
    toleranceMs: Math.max(0.05 * oracleP99Ms, LEAST_TOLERANCE_MS),
    oracleP99Ms,
    jainMean: mean(jains),
    jainP5: jains.length === 0 ? 1 : quantile(jains, 0.05),
    weightError: Math.max(...seeds.map((each) => each.weightError)),
    fluid: mean(seeds.map((each) => each.fluid)),
  };
}

/** Groups of all seeds together: one seed has too few of some to say anything. */
function worstGroup(seeds: readonly SeedFigures[]): { name: string; share: number } {
  const sums = new Map<string, { served: number; byOracle: number }>();
  for (const { ofGroups } of seeds) {
    for (const { group, served, byOracle } of ofGroups) {
      const own = sums.get(group) ?? { served: 0, byOracle: 0 };
      sums.set(group, { served: own.served + served, byOracle: own.byOracle + byOracle });
    }
  }
  let worst = { name: 'all', share: Infinity };
  for (const [name, { served, byOracle }] of sums) {
    const share = ratio(served, byOracle);
    if (share < worst.share) worst = { name, share };
  }
  return worst;
}
