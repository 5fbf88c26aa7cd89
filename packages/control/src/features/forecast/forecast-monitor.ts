import type { PoolForecast } from '@keywell/core/forecast/forecast';
import {
  ForecastTracker,
  type PoolHour,
  type TrackerAt,
} from '@keywell/core/forecast/forecast-tracker';
import type { LimitSample } from '@keywell/core/forecast/limit-sample';
import type { ForecastStore, KnownLimit } from '@keywell/storage/forecast/forecast-store';
import type { DataPlane } from '../../ports/data-plane.ts';

export interface ForecastMonitorOptions {
  readonly dataPlane: Pick<DataPlane, 'limits' | 'pools' | 'poolMembers' | 'status'>;
  readonly store: ForecastStore;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Wall clock, epoch milliseconds. */
  readonly wallNow: () => number;
  /** Runs a step after a delay; the answer calls it off. */
  readonly schedule: (step: () => void, delayMs: number) => () => void;
  /** After every sample. Must not throw. */
  readonly onSample: (pools: readonly PoolForecast[], at: TrackerAt) => void;
  /** The history could not be read or written; the forecast goes on without it. */
  readonly onFailure: (reason: string) => void;
}

const SAMPLE_MS = 5000;
/** Sampling may take this part of the main thread's time: with thousands of keys it becomes rarer. */
const SHARE_OF_TIME = 0.01;
const SAVE_MS = 600_000;
const DAY_MS = 86_400_000;
const KEEP_HOURS_MS = 56 * DAY_MS;
const KEEP_LIMITS_MS = 35 * DAY_MS;

/** Samples every limit now and then, keeps what the forecast needs, and saves it. `start` once, `stop` at the end. */
export class ForecastMonitor {
  readonly #options: ForecastMonitorOptions;
  readonly #tracker = new ForecastTracker();
  #version = -1;
  #callOff: (() => void) | null = null;
  #savedAt: number;
  #saving: Promise<void> = Promise.resolve();

  constructor(options: ForecastMonitorOptions) {
    this.#options = options;
    this.#savedAt = options.now();
  }

  /** Reads what earlier runs saw, and begins. */
  async start(): Promise<void> {
    const { store, wallNow, onFailure } = this.#options;
    this.#setPools();
    try {
      this.#tracker.restore(await store.loadHours(wallNow() - KEEP_HOURS_MS));
    } catch (error) {
      onFailure(String(error));
    }
    this.#turn();
  }

  /** Ends the sampling and saves what is not saved yet. */
  async stop(): Promise<void> {
    this.#callOff?.();
    this.#callOff = null;
    this.#save(true);
    await this.#saving;
  }

  /** What is foreseen now. */
  forecast(): readonly PoolForecast[] {
    return this.#tracker.forecast(this.#options.dataPlane.pools(), this.#at());
  }

  #turn(): void {
    const { now, schedule } = this.#options;
    const startedAt = now();
    this.#sample();
    const tookMs = now() - startedAt;
    this.#callOff = schedule(() => this.#turn(), Math.max(SAMPLE_MS, tookMs / SHARE_OF_TIME));
  }

  #sample(): void {
    const { dataPlane, onSample, now } = this.#options;
    this.#setPools();
    const at = this.#at();
    this.#tracker.note(dataPlane.limits(), at);
    onSample(this.#tracker.forecast(dataPlane.pools(), at), at);
    if (now() - this.#savedAt >= SAVE_MS) this.#save(false);
  }

  #setPools(): void {
    const { dataPlane } = this.#options;
    const { version } = dataPlane.status();
    if (version === this.#version) return;
    this.#version = version;
    this.#tracker.setPools(dataPlane.poolMembers());
  }

  #save(last: boolean): void {
    const { dataPlane, now, wallNow } = this.#options;
    this.#savedAt = now();
    const hours = last ? this.#tracker.takeAll() : this.#tracker.takeHours();
    const seenAt = wallNow();
    const limits = dataPlane.limits().map((limit) => knownLimit(limit, seenAt));
    this.#saving = this.#write(this.#saving, { hours, limits, seenAt });
  }

  async #write(
    before: Promise<void>,
    saved: {
      readonly hours: readonly PoolHour[];
      readonly limits: readonly KnownLimit[];
      readonly seenAt: number;
    },
  ): Promise<void> {
    await before;
    const { store, onFailure } = this.#options;
    const { hours, limits, seenAt } = saved;
    try {
      await store.saveHours(hours);
      await store.saveLimits(limits);
      await store.prune({ hoursAt: seenAt - KEEP_HOURS_MS, limitsAt: seenAt - KEEP_LIMITS_MS });
    } catch (error) {
      onFailure(String(error));
    }
  }

  #at(): TrackerAt {
    return { now: this.#options.now(), wallNow: this.#options.wallNow() };
  }
}

function knownLimit(sample: LimitSample, seenAt: number): KnownLimit {
  const { provider, path, group, dimension, limit, remaining, resetInMs, refill, source } = sample;
  return { provider, path, group, dimension, limit, remaining, resetInMs, refill, source, seenAt };
}
