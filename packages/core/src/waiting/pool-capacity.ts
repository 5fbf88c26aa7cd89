import type { LimitObservation } from '../keys/limit-observation.ts';
import type { Dimension } from '../keys/verdict.ts';
import type { SharedWindow } from './window-shares.ts';

/** One limit at one node of a quota domain, as far as sharing needs it. */
export interface PoolLimit {
  /** Path of the node. */
  readonly node: string;
  readonly group: string;
  readonly dimension: Dimension;
  readonly limit: number;
  readonly remaining: number;
  readonly refill: 'continuous' | 'window' | 'unknown';
  /** What comes back in a millisecond; 0 for windows. */
  readonly rate: number;
  /** Until it is full again or begins anew, milliseconds; null where nobody knows. */
  readonly resetInMs: number | null;
  readonly source: LimitObservation['source'];
}

/** A domain that a pool may use: the paths of its nodes, root first, and the limit group of the pool's model there. */
export interface PoolDomain {
  readonly path: readonly string[];
  readonly group: string;
}

/** What all domains of a pool have together of one dimension. */
export interface PooledLimit {
  readonly counts: 'requests' | 'tokens';
  readonly limit: number;
  readonly remaining: number;
  readonly refill: 'continuous' | 'window';
  readonly lengthMs: number;
  readonly resetInMs: number;
  /** What comes back in a millisecond. */
  readonly rate: number;
  /** Whether some of it is only worked out from refusals. */
  readonly isLearned: boolean;
}

/** What a pool has to share. */
export interface PoolCapacity {
  /** The tightest limit of each kind, whatever its refill; null where one of the domains has none that is known. */
  readonly requests: PooledLimit | null;
  readonly tokens: PooledLimit | null;
  /** The tightest that refills at one instant. */
  readonly window:
    | (SharedWindow & { readonly counts: 'requests' | 'tokens'; readonly limit: number })
    | null;
  /** Tokens that are granted for each request that is, null where one of the two is not known. */
  readonly tokensPerRequest: number | null;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** How long a period is, by the word that ends a dimension's name. */
const LENGTHS: readonly (readonly [string, number])[] = [
  ['_minute', MINUTE_MS],
  ['_hour', HOUR_MS],
  ['_day', DAY_MS],
  ['_month', 30 * DAY_MS],
];

/** Adds up what the domains of a pool have: of each domain's nodes the tightest counts, and a node that several share counts once. */
export function capacityOf(
  limits: readonly PoolLimit[],
  domains: readonly PoolDomain[],
  now: number,
): PoolCapacity {
  const pooled: PooledLimit[] = [];
  for (const [dimension, told] of Map.groupBy(limits, (limit) => limit.dimension)) {
    const sum = poolOf(told, domains, dimension);
    if (sum !== null) pooled.push(sum);
  }
  const tightest = (fits: (limit: PooledLimit) => boolean): PooledLimit | null =>
    pooled.filter(fits).toSorted((one, other) => partLeft(one) - partLeft(other))[0] ?? null;
  const requests = tightest(({ counts }) => counts === 'requests');
  const tokens = tightest(({ counts }) => counts === 'tokens');
  return {
    requests,
    tokens,
    window: windowOf(
      tightest(({ refill }) => refill === 'window'),
      now,
    ),
    tokensPerRequest:
      requests === null || tokens === null || requests.lengthMs !== tokens.lengthMs
        ? null
        : tokens.limit / requests.limit,
  };
}

const partLeft = ({ limit, remaining }: { limit: number; remaining: number }): number =>
  remaining / limit;

const placeOf = (node: string, group: string): string => `${node}#${group}`;

function poolOf(
  limits: readonly PoolLimit[],
  domains: readonly PoolDomain[],
  dimension: Dimension,
): PooledLimit | null {
  const counts = countsOf(dimension);
  const lengthMs = LENGTHS.find(([ending]) => dimension.endsWith(ending))?.[1];
  if (counts === null || lengthMs === undefined) return null;
  const byPlace = new Map(limits.map((limit) => [placeOf(limit.node, limit.group), limit]));
  const binding = new Set<PoolLimit>();
  for (const { path, group } of domains) {
    let tightest: PoolLimit | undefined;
    for (const node of path) {
      const limit = byPlace.get(placeOf(node, group));
      if (limit === undefined) continue;
      if (tightest === undefined || partLeft(limit) < partLeft(tightest)) tightest = limit;
    }
    // A domain without a limit takes whatever the others do not: then there is nothing to share.
    if (tightest === undefined || !(tightest.limit > 0)) return null;
    binding.add(tightest);
  }
  const parts = [...binding];
  const [largest] = parts.toSorted((one, other) => other.limit - one.limit);
  if (largest === undefined) return null;
  return {
    counts,
    lengthMs,
    limit: parts.reduce((sum, { limit }) => sum + limit, 0),
    remaining: parts.reduce((sum, { remaining }) => sum + Math.max(0, remaining), 0),
    refill: parts.every(({ refill }) => refill === 'continuous') ? 'continuous' : 'window',
    // Of windows that end apart, the largest tells the time.
    resetInMs: largest.resetInMs ?? lengthMs,
    rate: parts.reduce((sum, { rate }) => sum + rate, 0),
    isLearned: parts.some(({ source }) => source === 'learned'),
  };
}

function countsOf(dimension: Dimension): 'requests' | 'tokens' | null {
  if (dimension.startsWith('requests')) return 'requests';
  return dimension.includes('tokens') ? 'tokens' : null;
}

function windowOf(of: PooledLimit | null, now: number): PoolCapacity['window'] {
  if (of === null) return null;
  const { counts, limit, lengthMs, resetInMs } = of;
  return { counts, limit, lengthMs, endsAt: now + resetInMs, remaining: partLeft(of) };
}

/** What a call takes of a window, as a part of the whole. */
export function partOfWindow(
  window: NonNullable<PoolCapacity['window']>,
  call: { readonly tokens: number },
): number {
  return (window.counts === 'requests' ? 1 : call.tokens) / window.limit;
}

/** A limit as `x-ratelimit-*` tells it. */
export interface ToldLimit {
  readonly limit: number;
  readonly remaining: number;
  readonly resetMs: number;
}

/** What a consumer has of a pooled limit by its share: never more than the pool has left. */
export function toldShare(
  of: PooledLimit,
  share: { readonly share: number; readonly used: number },
): ToldLimit {
  const limit = Math.max(1, Math.floor(of.limit * share.share));
  const mine = of.refill === 'window' ? limit - of.limit * share.used : of.remaining * share.share;
  const remaining = Math.floor(Math.max(0, Math.min(mine, of.remaining)));
  return { limit, remaining, resetMs: of.resetInMs };
}

/** The tighter of two limits: the one that has less left, and of two that have as little the smaller. */
export function tighter(one: ToldLimit | null, other: ToldLimit | null): ToldLimit | null {
  if (one === null || other === null) return one ?? other;
  if (one.remaining !== other.remaining) return one.remaining < other.remaining ? one : other;
  return one.limit <= other.limit ? one : other;
}
