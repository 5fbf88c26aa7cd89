import {
  LATENCY_BUCKETS_MS,
  METRICS,
  type MetricFamily,
} from '../../packages/gateway/src/telemetry/metric-table.ts';
import { markdownTable } from './markdown-table.ts';

function labelsOf(family: MetricFamily): string {
  return family.labels
    .map((label) => `\`${label.name}\`: ${label.values.map((each) => `\`${each}\``).join(' ')}`)
    .join('; ');
}

/** docs/reference/metrics.md, from the table of the data plane's metrics. */
export function metricsPage(): string {
  const families: readonly MetricFamily[] = Object.values(METRICS);
  const rows = families.map((each) => [
    `\`${each.name}\``,
    each.type,
    each.help,
    labelsOf(each) || '–',
  ]);
  return `# Metrics

\`/metrics\` on the admin listener, in the Prometheus text format. Every series counts for the whole node: workers count into shared
memory, and a worker that crashes takes no count with it. No series is named after anything that a caller sends.

${markdownTable(['name', 'type', 'means', 'labels'], rows)}

Histograms have the upper bounds ${LATENCY_BUCKETS_MS.join(', ')} milliseconds.

This page is generated from \`packages/gateway/src/telemetry/metric-table.ts\` by \`npm run docs\`.
`;
}
