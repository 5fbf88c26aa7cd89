import type { PoolHour } from '@keywell/core/forecast/forecast-tracker';
import type { Dimension } from '@keywell/core/keys/verdict';
import type { Kysely } from 'kysely';
import type { ForecastStore, KnownLimit } from './forecast-store.ts';

export interface UsageHourTable {
  readonly pool: string;
  readonly dimension: string;
  readonly hour_at: number;
  readonly amount: number;
  readonly watched_ms: number;
}

export interface KnownLimitTable {
  readonly provider: string;
  readonly path: string;
  readonly limit_group: string;
  readonly dimension: string;
  readonly limit_value: number | null;
  readonly remaining: number | null;
  readonly reset_in_ms: number | null;
  readonly refill: string;
  readonly source: string;
  readonly seen_at: number;
}

type Db = Kysely<{ usage_hour: UsageHourTable; known_limit: KnownLimitTable }>;

/** Rows written in one statement: below the number of variables that SQLite takes. */
const ROWS_AT_ONCE = 500;

/** The forecast's history in a SQL database. */
export function sqlForecastStore(db: Db): ForecastStore {
  return {
    saveHours: async (hours) => {
      for (const rows of inParts(hours.map(hourRow))) {
        await db
          .insertInto('usage_hour')
          .values(rows)
          .onConflict((conflict) =>
            conflict.columns(['pool', 'dimension', 'hour_at']).doUpdateSet((set) => ({
              amount: set('usage_hour.amount', '+', set.ref('excluded.amount')),
              watched_ms: set('usage_hour.watched_ms', '+', set.ref('excluded.watched_ms')),
            })),
          )
          .execute();
      }
    },
    loadHours: async (since) => {
      const rows = await db
        .selectFrom('usage_hour')
        .selectAll()
        .where('hour_at', '>=', since)
        .orderBy('hour_at')
        .execute();
      return rows.map(toHour);
    },
    saveLimits: async (limits) => {
      for (const rows of inParts(limits.map(limitRow))) {
        await db
          .insertInto('known_limit')
          .values(rows)
          .onConflict((conflict) =>
            conflict
              .columns(['provider', 'path', 'limit_group', 'dimension'])
              .doUpdateSet((set) => ({
                limit_value: set.ref('excluded.limit_value'),
                remaining: set.ref('excluded.remaining'),
                reset_in_ms: set.ref('excluded.reset_in_ms'),
                refill: set.ref('excluded.refill'),
                source: set.ref('excluded.source'),
                seen_at: set.ref('excluded.seen_at'),
              })),
          )
          .execute();
      }
    },
    loadLimits: async () => (await db.selectFrom('known_limit').selectAll().execute()).map(toLimit),
    prune: async ({ hoursAt, limitsAt }) => {
      await db.deleteFrom('usage_hour').where('hour_at', '<', hoursAt).execute();
      await db.deleteFrom('known_limit').where('seen_at', '<', limitsAt).execute();
    },
  };
}

function inParts<T>(rows: readonly T[]): readonly (readonly T[])[] {
  const parts: T[][] = [];
  for (let at = 0; at < rows.length; at += ROWS_AT_ONCE) {
    parts.push(rows.slice(at, at + ROWS_AT_ONCE));
  }
  return parts;
}

function hourRow({ pool, dimension, hourAt, amount, watchedMs }: PoolHour): UsageHourTable {
  return { pool, dimension, hour_at: hourAt, amount, watched_ms: Math.round(watchedMs) };
}

function toHour(row: UsageHourTable): PoolHour {
  return {
    pool: row.pool,
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only `saveHours` writes this column
    dimension: row.dimension as Dimension,
    hourAt: row.hour_at,
    amount: row.amount,
    watchedMs: row.watched_ms,
  };
}

function limitRow(limit: KnownLimit): KnownLimitTable {
  return {
    provider: limit.provider,
    path: limit.path,
    limit_group: limit.group,
    dimension: limit.dimension,
    limit_value: limit.limit,
    remaining: limit.remaining,
    reset_in_ms: limit.resetInMs,
    refill: limit.refill,
    source: limit.source,
    seen_at: limit.seenAt,
  };
}

/* oxlint-disable typescript/no-unsafe-type-assertion -- only `saveLimits` writes these columns */
function toLimit(row: KnownLimitTable): KnownLimit {
  return {
    provider: row.provider,
    path: row.path,
    group: row.limit_group,
    dimension: row.dimension as Dimension,
    limit: row.limit_value,
    remaining: row.remaining,
    resetInMs: row.reset_in_ms,
    refill: row.refill as KnownLimit['refill'],
    source: row.source as KnownLimit['source'],
    seenAt: row.seen_at,
  };
}
/* oxlint-enable typescript/no-unsafe-type-assertion */
