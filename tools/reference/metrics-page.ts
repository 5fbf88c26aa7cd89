import { freeCheckMetrics } from '../../apps/server/src/start/free-check-job.ts';
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
  ];
  return families.map((family) => {
    const names = Object.keys(family.series[0]?.labels ?? {});
    return { ...family, labels: names.map((each) => `\`${each}\``).join(', ') };
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

This page is generated from \`packages/gateway/src/telemetry/metric-table.ts\` and \`apps/server/src/start/key-metrics.ts\` by \`npm run docs\`.
`;
}
