// Chance for the mixes: everything is drawn from one seed, parameters within 30 % of what a mix names.
import { seededRandom } from '../../packages/testkit/src/seeded-random.ts';
import { mostTaken, type LimitCounts, type LimitRule } from './limiter.ts';
import { needOf, type KeySpec, type RequestSpec, type Size } from './scenario.ts';

export class Draw {
  readonly random: () => number;

  constructor(mix: string, seed: number) {
    let hash = 2166136261;
    for (const letter of mix) hash = Math.imul(hash ^ letter.charCodeAt(0), 16777619);
    this.random = seededRandom(hash + seed * 7919);
  }

  between(low: number, high: number): number {
    return low + (high - low) * this.random();
  }

  /** Within 30 % of a value. */
  around(value: number): number {
    return value * this.between(0.7, 1.3);
  }

  exponential(mean: number): number {
    return -mean * Math.log(1 - this.random());
  }

  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.random()));
    return radius * Math.cos(2 * Math.PI * this.random());
  }

  logNormal(median: number, sigma: number): number {
    return median * Math.exp(sigma * this.normal());
  }

  /** Heavy-tailed from `least` on, cut at `most`. */
  pareto(least: number, alpha: number, most: number): number {
    return Math.min(most, least / (1 - this.random()) ** (1 / alpha));
  }
}

/** How requests of a mix look. */
export interface Shape {
  readonly input: (draw: Draw) => number;
  readonly output: (draw: Draw) => number;
  readonly patienceMs: number;
  /** Share of requests that stream. */
  readonly streams: number;
  /** Output tokens a second. */
  readonly speed: number;
  readonly firstByteMs: number;
}

/** A span in which requests come in at some rate. */
export interface Arrivals {
  readonly tenant: number;
  readonly worker: number;
  /** Relative rate at an instant, 1 on average. */
  readonly rate: (now: number) => number;
  /** Highest value of `rate`. */
  readonly peak: number;
  /** Share of all requests, or of the pool's capacity. */
  readonly share: number;
}

export type Sized = Omit<RequestSpec, 'view' | 'apparentTokens'> & {
  readonly inputBytes: number;
  readonly stream: boolean;
};

export const MOST_UP_MS = 60;
/** What a request's JSON takes beside its text. */
export const ENVELOPE_BYTES = 150;
/** The longest patience, in that of the shape. */
export const MOST_PATIENCE = 1.5;

export function drawSize(draw: Draw, shape: Shape, bytesPerToken: number): Sized {
  const inputTokens = Math.max(1, Math.round(shape.input(draw)));
  const outputTokens = Math.max(1, Math.round(shape.output(draw)));
  // callers leave room, in round numbers
  const allowance = Math.ceil((outputTokens * draw.between(1, 2.5)) / 64) * 64;
  const upMs = draw.between(15, MOST_UP_MS);
  return {
    size: { inputTokens, allowance },
    outputTokens,
    patienceMs: shape.patienceMs * draw.between(0.5, MOST_PATIENCE),
    upMs,
    firstByteMs: draw.logNormal(shape.firstByteMs, 0.4) + inputTokens * 0.02 + upMs,
    bodyMs: (outputTokens * 1000) / (shape.speed * draw.between(0.7, 1.3)),
    luck: draw.random(),
    inputBytes:
      Math.round(inputTokens * bytesPerToken * (1 + 0.05 * draw.normal())) + ENVELOPE_BYTES,
    stream: draw.random() < shape.streams,
  };
}

const COUNTS: readonly LimitCounts[] = ['requests', 'tokens', 'input_tokens', 'output_tokens'];

/** Requests a millisecond that the pool's limits allow, for requests like these and a run this long. */
export function capacityFor(
  keys: readonly KeySpec[],
  sizes: readonly Sized[],
  durationMs: number,
): number {
  let least = Infinity;
  for (const counts of COUNTS) {
    const limits = keys.map((key) => tightest(key.limits, counts, durationMs));
    if (limits.every((limit) => limit === Infinity)) continue;
    const total = limits.reduce((sum, limit) => sum + limit, 0);
    const mean = meanOf(sizes, (each) => takenOf(counts, each));
    least = Math.min(least, total / durationMs / mean);
  }
  return least;
}

/** What the tightest limit of a kind lets through in steady state. */
function tightest(limits: readonly LimitRule[], counts: LimitCounts, durationMs: number): number {
  const own = limits.filter((limit) => limit.counts === counts);
  return own.reduce((least, rule) => {
    const steady =
      rule.windowMs > durationMs / 2
        ? mostTaken(rule, durationMs)
        : (rule.limit * durationMs) / rule.windowMs;
    return Math.min(least, steady);
  }, Infinity);
}

function meanOf<T>(of: readonly T[], value: (each: T) => number): number {
  return of.reduce((sum, each) => sum + value(each), 0) / Math.max(1, of.length);
}

/** What a request takes in the end. */
export const takenOf = (
  counts: LimitCounts,
  request: { readonly size: Size; readonly outputTokens: number },
): number => (counts === 'output_tokens' ? request.outputTokens : needOf(counts, request.size));

/** Poisson arrivals with a rate that changes, by thinning. */
export function drawTimes(
  draw: Draw,
  perMs: number,
  arrivals: Arrivals,
  durationMs: number,
): number[] {
  const times: number[] = [];
  const peak = perMs * arrivals.peak;
  if (!(peak > 0)) return times;
  for (let now = draw.exponential(1 / peak); now < durationMs; now += draw.exponential(1 / peak)) {
    if (draw.random() * arrivals.peak < arrivals.rate(now)) times.push(now);
  }
  return times;
}
