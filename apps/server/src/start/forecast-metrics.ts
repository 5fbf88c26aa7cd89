import type { AlertCount } from '@keywell/control/features/alerts/alert-watch';
import type { PoolForecast } from '@keywell/core/forecast/forecast';
import type { LimitSample } from '@keywell/core/forecast/limit-sample';
import type { EndpointCounts } from '@keywell/core/keys/endpoint-counts';
import type { LimitCount } from '@keywell/core/keys/limit-counts';
import type { ExtraFamily } from '@keywell/gateway/telemetry/exposition';
import type { CooldownSeconds } from './cooldown-seconds.ts';

/** Series of one family at most; what has no place of its own is told together, as `other`. */
const MAX_SERIES = 500;

type Series = ExtraFamily['series'];

/** What the metrics of the forecast and of the engine's own figures are made from. */
export interface ForeseenFigures {
  readonly limits: readonly LimitSample[];
  readonly pools: readonly PoolForecast[];
  readonly alerts: readonly AlertCount[];
  readonly cooldowns: ReturnType<CooldownSeconds['read']>;
  readonly endpoints: readonly EndpointCounts[];
  /** What was told of limits and could not be used. */
  readonly told: Readonly<Record<LimitCount, number>>;
}

/** Headroom, expected ends, alerts, cooldowns: computed when somebody asks. */
export function forecastMetrics(figures: ForeseenFigures): readonly ExtraFamily[] {
  const { limits, pools, alerts, cooldowns, endpoints, told } = figures;
  const dimensions = pools.flatMap(({ pool, dimensions: each }) =>
    each.map((forecast) => ({ labels: { pool, dimension: forecast.dimension }, forecast })),
  );
  return [
    {
      name: 'keywell_headroom_ratio',
      type: 'gauge',
      help: 'What is left of a limit, 0 to 1: the least among the quota domains of the provider.',
      series: bounded(headroom(limits), { provider: 'other', dimension: 'other' }, Math.min),
    },
    {
      name: 'keywell_pool_left_ratio',
      type: 'gauge',
      help: 'What is left of all limits of the pool together, 0 to 1.',
      series: bounded(
        dimensions.map(({ labels, forecast }) => ({ labels, value: forecast.percentLeft / 100 })),
        { pool: 'other', dimension: 'other' },
        Math.min,
      ),
    },
    {
      name: 'keywell_pool_exhaustion_eta_seconds',
      type: 'gauge',
      help: 'Seconds until the pool is expected to run dry; absent while no end is foreseen.',
      series: bounded(
        dimensions.flatMap(({ labels, forecast: { exhaustsInMs } }) =>
          exhaustsInMs === null ? [] : [{ labels, value: Math.ceil(exhaustsInMs / 1000) }],
        ),
        { pool: 'other', dimension: 'other' },
        Math.min,
      ),
    },
    {
      name: 'keywell_alerts_total',
      type: 'counter',
      help: 'Alerts raised since the start, by kind.',
      series: alerts.map(({ kind, raised }) => ({ labels: { kind }, value: raised })),
    },
    {
      name: 'keywell_alerts_active',
      type: 'gauge',
      help: 'Alerts that are not over, by kind.',
      series: alerts.map(({ kind, active }) => ({ labels: { kind }, value: active })),
    },
    {
      name: 'keywell_cooldown_seconds_total',
      type: 'counter',
      help: 'Seconds for which keys, domains and endpoints were cooled, added up, by class.',
      series: cooldowns.map(({ class: of, seconds }) => ({
        labels: { class: of },
        value: seconds,
      })),
    },
    ...endpointFamilies(endpoints),
    ...toldFamilies(told),
  ];
}

function toldFamilies({ implausible, ignored }: ForeseenFigures['told']): readonly ExtraFamily[] {
  return [
    {
      name: 'keywell_implausible_limits_total',
      type: 'counter',
      help: 'Numbers about limits that could not be and were left out.',
      series: [{ labels: {}, value: implausible }],
    },
    {
      name: 'keywell_ignored_limits_total',
      type: 'counter',
      help: 'Numbers about a sixth limit of a limit group at one quota domain, which has room for five.',
      series: [{ labels: {}, value: ignored }],
    },
  ];
}

function endpointFamilies(endpoints: readonly EndpointCounts[]): readonly ExtraFamily[] {
  const perProvider = (value: (counts: EndpointCounts) => number): Series =>
    bounded(
      endpoints.map((each) => ({ labels: { provider: each.provider }, value: value(each) })),
      { provider: 'other' },
      (a, b) => a + b,
    );
  return [
    {
      name: 'keywell_implausible_ends_total',
      type: 'counter',
      help: 'Instants a provider named that could not be: past, too far, no number.',
      series: perProvider(({ implausible }) => implausible),
    },
    {
      name: 'keywell_stale_failures_total',
      type: 'counter',
      help: 'Failures that were too old to count: sent before the last success or clearing.',
      series: perProvider(({ stale }) => stale),
    },
  ];
}

/** The least share left among the domains of a provider, by dimension. */
function headroom(limits: readonly LimitSample[]): Series {
  const least = new Map<string, { provider: string; dimension: string; value: number }>();
  for (const { provider, dimension, limit, remaining } of limits) {
    if (limit === null || remaining === null || limit <= 0) continue;
    const value = Math.max(0, Math.min(1, remaining / limit));
    const name = `${provider}\n${dimension}`;
    const known = least.get(name);
    if (known === undefined || value < known.value) least.set(name, { provider, dimension, value });
  }
  return [...least.values()].map(({ provider, dimension, value }) => ({
    labels: { provider, dimension },
    value,
  }));
}

/** The first series as they are, all others as one. */
function bounded(
  series: Series,
  other: Readonly<Record<string, string>>,
  combine: (a: number, b: number) => number,
): Series {
  if (series.length <= MAX_SERIES) return series;
  const rest = series.slice(MAX_SERIES - 1).map(({ value }) => value);
  const together = rest.reduce((a, b) => combine(a, b));
  return [...series.slice(0, MAX_SERIES - 1), { labels: other, value: together }];
}
