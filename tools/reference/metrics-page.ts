import { freeCheckMetrics } from '../../apps/server/src/start/free-check-job.ts';
import { forecastMetrics } from '../../apps/server/src/start/forecast-metrics.ts';
import { keyMetrics } from '../../apps/server/src/start/key-metrics.ts';
import {
  LATENCY_BUCKETS_MS,
  METRICS,
  type MetricFamily,
} from '../../packages/gateway/src/telemetry/metric-table.ts';
import { markdownTable } from './markdown-table.ts';

interface Row {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly labels: string;
}

function counted(family: MetricFamily): Row {
  const labels = family.labels.map(
    ({ name, values }) => `\`${name}\`: ${values.map((each) => `\`${each}\``).join(' ')}`,
  );
  return { ...family, labels: labels.join('; ') };
}

const LIMIT = {
  provider: 'p',
  path: 'p/d',
  group: 'm',
  dimension: 'tokens_day',
  limit: 1,
  remaining: 1,
  resetInMs: null,
  refill: 'window',
  source: 'header',
  reserved: 0,
  used: null,
  rate: 0,
} as const;

const FORECAST = {
  pool: 'c',
  state: 'ready',
  candidates: 1,
  eligible: 1,
  nextInMs: null,
  exhaustsInMs: 1,
  requestsPerMinute: 0,
  dimensions: [
    {
      dimension: 'tokens_day',
      domains: { known: 1, all: 1 },
      left: 1,
      limit: 1,
      percentLeft: 1,
      burnPerMinute: 1,
      state: 'draining',
      exhaustsInMs: 1,
      recoversInMs: null,
      seasonal: false,
    },
  ],
} as const;

/** Metrics that are computed when somebody asks, as they come out for one key and one pool. */
function computed(): readonly Row[] {
  const key = {
    provider: 'p',
    key: 'k',
    fingerprint: '',
    domain: '',
    domainSource: 'own',
    weight: 1,
    inFlight: 0,
    attempts: 0,
    successes: 0,
    failures: 0,
    state: 'ready',
    cooldowns: [],
  } as const;
  const tiers = [{ tier: 0, candidates: 1, eligible: 1, nextInMs: null }];
  const pool = { pool: 'c', tiers, requests10s: 0, retries10s: 0 };
  const check = { provider: 'p', result: 'still', count: 0 } as const;
  const families = [
    ...keyMetrics([key], [pool], { queued: 0, written: 0, shed: 0 }),
    ...freeCheckMetrics([check]),
    ...forecastMetrics({
      limits: [LIMIT],
      pools: [FORECAST],
      alerts: [{ kind: 'pool_exhausted', raised: 0, active: 0 }],
      cooldowns: [{ class: 'slow_down', seconds: 0 }],
      endpoints: [{ provider: 'p', implausible: 0, stale: 0 }],
      told: { implausible: 0, ignored: 0 },
    }),
  ];
  return families.map((family) => {
    const names = Object.keys(family.series[0]?.labels ?? {});
    const { name, type, help } = family;
    return { name, type, help, labels: names.map((each) => `\`${each}\``).join(', ') };
  });
}

function rows(): readonly Row[] {
  const families: readonly MetricFamily[] = Object.values(METRICS);
  return [...families.map(counted), ...computed()];
}

/** Every metric there is. */
export function metricNames(): readonly string[] {
  return rows().map((each) => each.name);
}

/** docs/reference/metrics.md, from the table of the data plane's metrics and what the server adds to it. */
export function metricsPage(): string {
  const cells = rows().map((each) => [
    `\`${each.name}\``,
    each.type,
    each.help,
    each.labels || '–',
  ]);
  return `# Metrics

\`/metrics\` on the admin listener, in the Prometheus text format. Every series counts for the whole node: workers count into shared
memory, and a worker that crashes takes no count with it. No series is named after anything that a caller sends.

${markdownTable(['name', 'type', 'means', 'labels'], cells)}

Histograms have the upper bounds ${LATENCY_BUCKETS_MS.join(', ')} milliseconds.

This page is generated from \`packages/gateway/src/telemetry/metric-table.ts\` and \`apps/server/src/start/{key,forecast}-metrics.ts\` by \`npm run docs\`.
`;
}
