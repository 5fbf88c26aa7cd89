import {
  cellsOf,
  LATENCY_BUCKETS_MS,
  METRIC_CELLS,
  METRIC_NAMES,
  METRICS,
  offsetOf,
  type MetricFamily,
  type MetricName,
} from './metric-table.ts';

/** A series that is computed when asked for, beside those in shared memory. */
export interface ExtraFamily {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  readonly series: readonly {
    readonly labels: Readonly<Record<string, string>>;
    readonly value: number;
  }[];
}

/** The Prometheus text format, version 0.0.4: https://prometheus.io/docs/instrumenting/exposition_formats/ */
export function renderMetrics(
  buffer: SharedArrayBuffer,
  rows: number,
  extra: readonly ExtraFamily[],
): string {
  const cells = sumRows(buffer, rows);
  const lines: string[] = [];
  for (const name of METRIC_NAMES) {
    renderFamily(lines, METRICS[name], cells, offsetOf(name));
  }
  for (const family of extra) {
    lines.push(`# HELP ${family.name} ${family.help}`, `# TYPE ${family.name} ${family.type}`);
    for (const { labels, value } of family.series) {
      lines.push(`${family.name}${renderLabels(Object.entries(labels))} ${value}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

/** What a counter without labels stands at, over all rows. */
export function readCounter(buffer: SharedArrayBuffer, rows: number, name: MetricName): number {
  return sumRows(buffer, rows)[offsetOf(name)] ?? 0;
}

function sumRows(buffer: SharedArrayBuffer, rows: number): Float64Array {
  const sum = new Float64Array(METRIC_CELLS);
  const all = new Float64Array(buffer);
  for (let row = 0; row < rows; row += 1) {
    for (let cell = 0; cell < METRIC_CELLS; cell += 1) {
      sum[cell] = (sum[cell] ?? 0) + (all[row * METRIC_CELLS + cell] ?? 0);
    }
  }
  return sum;
}

function renderFamily(
  lines: string[],
  family: MetricFamily,
  cells: Float64Array,
  start: number,
): void {
  lines.push(`# HELP ${family.name} ${family.help}`, `# TYPE ${family.name} ${family.type}`);
  if (family.type === 'histogram') {
    renderHistogram(lines, family.name, cells, start);
    return;
  }
  for (let series = 0; series < cellsOf(family); series += 1) {
    lines.push(`${family.name}${renderLabels(labelsOf(family, series))} ${cells[start + series]}`);
  }
}

function renderHistogram(lines: string[], name: string, cells: Float64Array, start: number): void {
  let count = 0;
  for (const [index, bound] of [...LATENCY_BUCKETS_MS, Infinity].entries()) {
    count += cells[start + index] ?? 0;
    const le = bound === Infinity ? '+Inf' : String(bound);
    lines.push(`${name}_bucket{le="${le}"} ${count}`);
  }
  lines.push(
    `${name}_sum ${cells[start + LATENCY_BUCKETS_MS.length + 1]}`,
    `${name}_count ${count}`,
  );
}

function labelsOf(family: MetricFamily, series: number): [string, string][] {
  const pairs: [string, string][] = [];
  let rest = series;
  for (const label of family.labels.toReversed()) {
    pairs.unshift([label.name, label.values[rest % label.values.length] ?? '']);
    rest = Math.floor(rest / label.values.length);
  }
  return pairs;
}

function renderLabels(pairs: readonly (readonly [string, string])[]): string {
  if (pairs.length === 0) return '';
  return `{${pairs.map(([name, value]) => `${name}="${escapeLabel(value)}"`).join(',')}}`;
}

function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
