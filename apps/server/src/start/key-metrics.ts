import type { KeyStatus, PoolStatus } from '@keywell/core/keys/status';
import type { ExtraFamily } from '@keywell/gateway/telemetry/exposition';

/** As many keys as are shown one by one; a pool of thousands must not blow the page up. */
const MAX_KEYS = 1000;

/** What is computed when somebody asks: the state of keys and pools, and the request log's own counters. */
export function keyMetrics(
  keys: readonly KeyStatus[],
  pools: readonly PoolStatus[],
  log: { readonly queued: number; readonly written: number; readonly shed: number } | null,
): readonly ExtraFamily[] {
  const shown = keys.slice(0, MAX_KEYS);
  const perKey = (value: (key: KeyStatus) => number) =>
    shown.map((key) => ({ labels: { provider: key.provider, key: key.key }, value: value(key) }));
  return [
    {
      name: 'keywell_key_cooldown_seconds',
      type: 'gauge',
      help: 'Seconds until nothing cools this key any more; 0 when it is ready.',
      series: perKey((key) =>
        Math.ceil(Math.max(0, ...key.cooldowns.map((cooldown) => cooldown.endsInMs)) / 1000),
      ),
    },
    {
      name: 'keywell_key_in_flight',
      type: 'gauge',
      help: 'Attempts under way with this key.',
      series: perKey((key) => key.inFlight),
    },
    {
      name: 'keywell_pool_eligible_candidates',
      type: 'gauge',
      help: 'Candidates of a tier that can serve now.',
      series: pools.flatMap((pool) =>
        pool.tiers.map((tier) => ({
          labels: { pool: pool.pool, tier: String(tier.tier) },
          value: tier.eligible,
        })),
      ),
    },
    ...logMetrics(log),
  ];
}

function logMetrics(
  log: { readonly queued: number; readonly written: number; readonly shed: number } | null,
): readonly ExtraFamily[] {
  if (log === null) return [];
  return [
    one('keywell_log_queued_records', 'gauge', 'Records on their way to the log.', log.queued),
    one('keywell_log_written_records_total', 'counter', 'Records written.', log.written),
    one('keywell_log_shed_records_total', 'counter', 'Records thrown away.', log.shed),
  ];
}

function one(name: string, type: 'counter' | 'gauge', help: string, value: number): ExtraFamily {
  return { name, type, help, series: [{ labels: {}, value }] };
}
