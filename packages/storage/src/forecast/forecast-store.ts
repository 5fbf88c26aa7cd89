import type { PoolHour } from '@keywell/core/forecast/forecast-tracker';
import type { LimitFacts } from '@keywell/core/forecast/limit-sample';

/** A limit as it was last told. */
export interface KnownLimit extends LimitFacts {
  /** Wall clock, epoch milliseconds. */
  readonly seenAt: number;
}

/** What the forecast keeps between runs. Bounded: what is older than its retention is removed when something is saved. */
export interface ForecastStore {
  /** Hours that are over; one that is there already is added to (the node was restarted within the hour). */
  saveHours(hours: readonly PoolHour[]): Promise<void>;
  /** Oldest first. */
  loadHours(since: number): Promise<readonly PoolHour[]>;
  /** Replaces what was known of these limits. */
  saveLimits(limits: readonly KnownLimit[]): Promise<void>;
  loadLimits(): Promise<readonly KnownLimit[]>;
  /** Removes hours and limits from before the instants. */
  prune(before: { readonly hoursAt: number; readonly limitsAt: number }): Promise<void>;
}
