import type { PoolStatus } from '../keys/status.ts';
import type { Dimension } from '../keys/verdict.ts';
import {
  bindingLimits,
  placeName,
  poolTree,
  type BindingLimits,
  type PoolMember,
  type PoolTree,
} from './binding-limits.ts';
import { BurnMeter, speedFor } from './burn-meter.ts';
import { summarizePool, type DimensionForecast, type PoolForecast } from './forecast.ts';
import { consumedBetween, periodOf, type Consumed, type LimitSample } from './limit-sample.ts';
import { projectExhaustion, projectRecovery } from './project.ts';
import { expectedBurn, Season, type HourOfUse } from './season.ts';

/** Limits, and (pool, dimension) pairs, that are watched at most; what comes beyond is not. */
const MAX_LIMITS = 50_000;
const MAX_SERIES = 10_000;
/** A limit nobody has told for so long is forgotten. */
const FORGET_MS = 3_600_000;
/** Two samples further apart than this say nothing about what lay between them. */
const MAX_GAP_MS = 300_000;
const HOUR = 3_600_000;

/** An hour that is over, of one pool and dimension: what is kept so that the usual course survives a restart. */
export interface PoolHour extends HourOfUse {
  readonly pool: string;
  readonly dimension: Dimension;
}

interface Watched {
  left: number | null;
  sample: LimitSample;
  /** Monotonic. */
  at: number;
  /** Since the sample before; null where nothing can be told. */
  consumed: Consumed | null;
}

/** One pool and dimension. */
interface Series {
  /** What this node was charged, and what became of the limits: whichever is more is the burn. */
  readonly own: BurnMeter;
  readonly seen: BurnMeter;
  readonly season: Season;
  hour: Hour;
  bound: BindingLimits<Watched>;
}

interface Hour {
  hourAt: number;
  own: number;
  seen: number;
  watchedMs: number;
}

export interface TrackerAt {
  readonly now: number;
  readonly wallNow: number;
}

/**
 * Watches limits and foresees when pools run dry and come back. Fed with samples now and then; memory is bounded by the number of
 * limits. Pure but for its own state.
 */
export class ForecastTracker {
  readonly #limits = new Map<Dimension, Map<string, Watched>>();
  readonly #series = new Map<string, Map<Dimension, Series>>();
  readonly #finished: PoolHour[] = [];
  #watched = 0;
  #seriesCount = 0;
  #trees: ReadonlyMap<string, PoolTree> = new Map();
  #lastAt: number | null = null;

  /** Who draws on what, as the configuration in force says. Pools that are gone are forgotten. */
  setPools(members: ReadonlyMap<string, readonly PoolMember[]>): void {
    this.#trees = new Map([...members].map(([pool, each]) => [pool, poolTree(each)]));
    for (const [pool, series] of this.#series) {
      if (members.has(pool)) continue;
      this.#seriesCount -= series.size;
      this.#series.delete(pool);
    }
  }

  /** Hours of an earlier run, oldest first. */
  restore(hours: readonly PoolHour[]): void {
    for (const hour of hours) this.#seriesOf(hour.pool, hour.dimension)?.season.note(hour);
  }

  /** What every limit stands at now. */
  note(samples: readonly LimitSample[], at: TrackerAt): void {
    const elapsedMs = this.#lastAt === null ? 0 : Math.max(0, at.now - this.#lastAt);
    this.#lastAt = at.now;
    for (const sample of samples) this.#noteLimit(sample, at.now);
    this.#forget(at.now);
    for (const [pool, tree] of this.#trees) {
      for (const dimension of this.#limits.keys()) {
        const bound = this.#bound(tree, dimension);
        if (bound.limits.length === 0) continue;
        const series = this.#seriesOf(pool, dimension);
        if (series !== null) this.#noteSeries({ pool, dimension, series, bound }, elapsedMs, at);
      }
    }
  }

  /** Hours that are over since the last call. */
  takeHours(): readonly PoolHour[] {
    return this.#finished.splice(0);
  }

  /** The same, and what there is of the hour under way: for the end of a run. */
  takeAll(): readonly PoolHour[] {
    const open: PoolHour[] = [];
    for (const [pool, ofPool] of this.#series) {
      for (const [dimension, { hour }] of ofPool) {
        if (hour.watchedMs > 0) open.push({ pool, dimension, ...hourOf(hour) });
        hour.own = 0;
        hour.seen = 0;
        hour.watchedMs = 0;
      }
    }
    return [...this.takeHours(), ...open];
  }

  forecast(pools: readonly PoolStatus[], at: TrackerAt): readonly PoolForecast[] {
    return pools.map((status) => {
      const series = this.#series.get(status.pool) ?? new Map<Dimension, Series>();
      const dimensions = [...series].flatMap(([dimension, each]) =>
        each.bound.limits.length === 0 ? [] : [this.#foresee(status.pool, dimension, each, at)],
      );
      return summarizePool(status, dimensions);
    });
  }

  #foresee(pool: string, dimension: Dimension, series: Series, at: TrackerAt): DimensionForecast {
    const { limits, known } = series.bound;
    const samples = limits.map((each) => aged(each, at.now));
    const left = total(samples, ({ remaining }) => remaining);
    const limit = total(samples, (each) => each.limit);
    const period = periodOf(dimension);
    const perMs = burnOf(series, at.now, speedFor(period));
    const expected = perMs === null ? null : expectedBurn(perMs, series.season, at.wallNow);
    const exhausted = samples.every(({ remaining }) => (remaining ?? 0) < 1);
    const measured = dimension !== 'concurrency' && expected !== null;
    const foreseen = measured ? projectExhaustion(samples, expected) : null;
    const exhaustsInMs = exhausted ? 0 : foreseen;
    return {
      dimension,
      domains: { known, all: this.#trees.get(pool)?.members ?? 0 },
      left,
      limit,
      percentLeft: limit === 0 ? 0 : Math.min(100, (100 * left) / limit),
      burnPerMinute: measured && perMs !== null ? perMs * 60_000 : null,
      state: stateOf(exhausted, measured, exhaustsInMs),
      exhaustsInMs,
      recoversInMs: exhausted ? projectRecovery(samples, 1) : null,
      seasonal: expected?.seasonal ?? false,
    };
  }

  #noteLimit(sample: LimitSample, now: number): void {
    const limits = this.#limits.get(sample.dimension) ?? new Map<string, Watched>();
    this.#limits.set(sample.dimension, limits);
    const name = placeName(sample.path, sample.group);
    const known = limits.get(name);
    const { remaining } = sample;
    if (known === undefined) {
      if (this.#watched >= MAX_LIMITS) return;
      this.#watched += 1;
      limits.set(name, { left: remaining, sample, at: now, consumed: null });
      return;
    }
    const elapsedMs = now - known.at;
    const consumed = consumedBetween(known.sample, sample, elapsedMs);
    const told = consumed.own !== null || consumed.seen !== null;
    known.consumed = told && elapsedMs <= MAX_GAP_MS ? consumed : null;
    known.sample = sample;
    known.left = remaining;
    known.at = now;
  }

  #noteSeries(
    to: {
      readonly pool: string;
      readonly dimension: Dimension;
      readonly series: Series;
      readonly bound: BindingLimits<Watched>;
    },
    elapsedMs: number,
    at: TrackerAt,
  ): void {
    const { series, bound, pool, dimension } = to;
    series.bound = bound;
    const fresh = bound.limits.filter((each) => each.at === at.now && each.consumed !== null);
    if (fresh.length === 0 || elapsedMs === 0 || elapsedMs > MAX_GAP_MS) return;
    const own = fresh.reduce((sum, each) => sum + (each.consumed?.own ?? 0), 0);
    const seen = fresh.reduce((sum, each) => sum + (each.consumed?.seen ?? 0), 0);
    series.own.note(own, elapsedMs, at.now);
    series.seen.note(seen, elapsedMs, at.now);
    const hourAt = Math.floor(at.wallNow / HOUR) * HOUR;
    if (series.hour.hourAt !== hourAt) {
      if (series.hour.watchedMs > 0) {
        const finished = hourOf(series.hour);
        series.season.note(finished);
        this.#finished.push({ pool, dimension, ...finished });
        if (this.#finished.length > MAX_SERIES) this.#finished.shift();
      }
      series.hour = { hourAt, own: 0, seen: 0, watchedMs: 0 };
    }
    series.hour.own += own;
    series.hour.seen += seen;
    series.hour.watchedMs += elapsedMs;
  }

  #bound(tree: PoolTree, dimension: Dimension): BindingLimits<Watched> {
    const limits = this.#limits.get(dimension);
    return bindingLimits(tree, (name) => limits?.get(name));
  }

  #seriesOf(pool: string, dimension: Dimension): Series | null {
    const ofPool = this.#series.get(pool) ?? new Map<Dimension, Series>();
    const known = ofPool.get(dimension);
    if (known !== undefined) return known;
    if (this.#seriesCount >= MAX_SERIES) return null;
    this.#seriesCount += 1;
    const made: Series = {
      own: new BurnMeter(),
      seen: new BurnMeter(),
      season: new Season(),
      hour: { hourAt: 0, own: 0, seen: 0, watchedMs: 0 },
      bound: { limits: [], known: 0 },
    };
    this.#series.set(pool, ofPool.set(dimension, made));
    return made;
  }

  #forget(now: number): void {
    for (const limits of this.#limits.values()) {
      for (const [name, { at }] of limits) {
        if (now - at <= FORGET_MS) continue;
        limits.delete(name);
        this.#watched -= 1;
      }
    }
  }
}

/** The sample as it would read now, were nothing consumed since. */
function aged({ sample, at }: Watched, now: number): LimitSample {
  const elapsedMs = Math.max(0, now - at);
  const { limit, remaining, resetInMs, refill, rate } = sample;
  if (limit === null || remaining === null || elapsedMs === 0) return sample;
  if (refill === 'continuous') {
    return { ...sample, remaining: Math.min(limit, remaining + rate * elapsedMs) };
  }
  if (resetInMs === null) return sample;
  if (resetInMs > elapsedMs) return { ...sample, resetInMs: resetInMs - elapsedMs };
  return { ...sample, remaining: limit, resetInMs: null };
}

/** Per millisecond; null while it was not watched long enough. */
function burnOf(series: Series, now: number, speed: number): number | null {
  const [own, seen] = [series.own.perMs(now, speed), series.seen.perMs(now, speed)];
  return own === null || seen === null ? null : Math.max(0, own, seen);
}

function hourOf({ hourAt, own, seen, watchedMs }: Hour): HourOfUse {
  return { hourAt, amount: Math.max(0, own, seen), watchedMs };
}

function total(
  samples: readonly LimitSample[],
  of: (sample: LimitSample) => number | null,
): number {
  return samples.reduce((sum, sample) => sum + Math.max(0, of(sample) ?? 0), 0);
}

function stateOf(
  exhausted: boolean,
  measured: boolean,
  exhaustsInMs: number | null,
): DimensionForecast['state'] {
  if (exhausted) return 'exhausted';
  if (!measured) return 'learning';
  return exhaustsInMs === null ? 'steady' : 'draining';
}
