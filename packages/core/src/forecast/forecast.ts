import type { Dimension } from '../keys/verdict.ts';
import type { PoolStatus } from '../keys/status.ts';

/** How much of one dimension a pool has, how fast it goes, and when it is gone. */
export interface DimensionForecast {
  readonly dimension: Dimension;
  /** Quota domains (× limit groups) of the pool, and those of them that tell this limit. The figures are about the latter. */
  readonly domains: { readonly known: number; readonly all: number };
  readonly left: number;
  readonly limit: number;
  readonly percentLeft: number;
  /** Null while it has not been watched long enough. */
  readonly burnPerMinute: number | null;
  readonly state: DimensionState;
  /** Until everything known is used up; null: not foreseen, or not known (see `state`). */
  readonly exhaustsInMs: number | null;
  /** Until there is room again; null unless `exhausted`, or where no time is known. */
  readonly recoversInMs: number | null;
  /** Whether the usual course of the day and week is part of it. */
  readonly seasonal: boolean;
}

/**
 * `learning`: watched too short to say; `steady`: lasts for the next five weeks as things go; `draining`: ends at `exhaustsInMs`;
 * `exhausted`: nothing left for a usual request.
 */
export type DimensionState = 'learning' | 'steady' | 'draining' | 'exhausted';

/** What is foreseen for a pool. */
export interface PoolForecast {
  readonly pool: string;
  /** `unknown`: no key of it has told a limit, so that nothing can be foreseen; refusals are still reacted to. */
  readonly state: 'ready' | 'exhausted' | 'unknown';
  readonly candidates: number;
  readonly eligible: number;
  /** Until the first cooled candidate comes back, milliseconds; null when none is cooled or no time is known. */
  readonly nextInMs: number | null;
  /** The earliest end among the dimensions; null where none is foreseen. */
  readonly exhaustsInMs: number | null;
  readonly requestsPerMinute: number;
  readonly dimensions: readonly DimensionForecast[];
}

/** The pool's own line, from what can be asked now and what is foreseen for its dimensions. */
export function summarizePool(
  status: PoolStatus,
  dimensions: readonly DimensionForecast[],
): PoolForecast {
  const candidates = status.tiers.reduce((sum, tier) => sum + tier.candidates, 0);
  const eligible = status.tiers.reduce((sum, tier) => sum + tier.eligible, 0);
  const returns = status.tiers.flatMap(({ nextInMs }) => (nextInMs === null ? [] : [nextInMs]));
  // Where some domain tells no limit, the known ones being empty does not end the pool.
  const ends = dimensions.flatMap(({ exhaustsInMs, domains }) =>
    exhaustsInMs === null || domains.known < domains.all ? [] : [exhaustsInMs],
  );
  const known = dimensions.length > 0 ? 'ready' : 'unknown';
  return {
    pool: status.pool,
    state: eligible === 0 ? 'exhausted' : known,
    candidates,
    eligible,
    nextInMs: returns.length === 0 ? null : Math.min(...returns),
    exhaustsInMs: eligible === 0 ? 0 : ends.length === 0 ? null : Math.min(...ends),
    requestsPerMinute: status.requests10s * 6,
    dimensions,
  };
}
