import { VERDICT_CLASSES } from '@keywell/core/keys/verdict';
import { describe, expect, it } from 'vitest';
import { renderMetrics } from './exposition.ts';
import { createMetricCells, Meter } from './meter.ts';
import {
  cellsOf,
  LATENCY_BUCKETS_MS,
  METRIC_CELLS,
  METRICS,
  offsetOf,
  OPERATIONS,
  STATUS_CLASSES,
  type MetricName,
} from './metric-table.ts';

const NAMES = Object.entries(METRICS).map(([name]) => name);
const isName = (name: string): name is MetricName => NAMES.includes(name);
const SAMPLE =
  /^[a-z0-9_]+(?:\{[a-z_]+="(?:[^"\\\n]|\\["\\n])*"(?:,[a-z_]+="(?:[^"\\\n]|\\["\\n])*")*\})? -?[0-9.e+-]+$/;

function valueOf(text: string, series: string): number | null {
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${series} `));
  return line === undefined ? null : Number(line.slice(series.length + 1));
}

describe('a meter’s cells', () => {
  it('give every series of every family a place of its own', () => {
    const taken = new Set<number>();
    for (const name of NAMES.filter(isName)) {
      for (let cell = 0; cell < cellsOf(METRICS[name]); cell += 1) taken.add(offsetOf(name) + cell);
    }
    expect(taken.size).toBe(METRIC_CELLS);
    expect(Math.max(...taken)).toBe(METRIC_CELLS - 1);
  });

  it('of one worker are not another’s, and the page shows their sum', () => {
    const cells = createMetricCells(3);
    new Meter(cells, 1).add('inFlight', 2);
    new Meter(cells, 2).add('inFlight', 5);
    new Meter(cells, 2).add('inFlight', -1);
    expect(valueOf(renderMetrics(cells, 3, []), 'keywell_requests_in_flight')).toBe(6);
    expect(valueOf(renderMetrics(cells, 2, []), 'keywell_requests_in_flight')).toBe(2);
  });

  it('lose a dead worker’s gauges and keep its counts', () => {
    const cells = createMetricCells(2);
    const meter = new Meter(cells, 1);
    meter.add('streams', 3);
    meter.set('loopLag', 12.5);
    meter.add('rescued', 4);
    meter.observe('duration', 7);
    meter.clearGauges();
    const text = renderMetrics(cells, 2, []);
    expect(valueOf(text, 'keywell_streams_open')).toBe(0);
    expect(valueOf(text, 'keywell_event_loop_lag_p99_milliseconds')).toBe(0);
    expect(valueOf(text, 'keywell_rescued_requests_total')).toBe(4);
    expect(valueOf(text, 'keywell_request_duration_milliseconds_count')).toBe(1);
  });
});

describe('renderMetrics', () => {
  it('writes only lines that the text format knows, each family introduced once', () => {
    const cells = createMetricCells(1);
    new Meter(cells, 0).observe('overhead', 0.123_456_789);
    const text = renderMetrics(cells, 1, [
      {
        name: 'keywell_key_state',
        type: 'gauge',
        help: 'A state.',
        series: [{ labels: { key: 'say "hi"\\\n' }, value: 1 }],
      },
    ]);
    expect(text.endsWith('\n')).toBe(true);
    const lines = text.trimEnd().split('\n');
    const samples = lines.filter((line) => !line.startsWith('# '));
    for (const line of samples) expect(line).toMatch(SAMPLE);
    expect(new Set(samples.map((line) => line.slice(0, line.lastIndexOf(' ')))).size).toBe(
      samples.length,
    );
    const types = lines.filter((line) => line.startsWith('# TYPE '));
    expect(new Set(types).size).toBe(NAMES.length + 1);
    expect(types).toHaveLength(NAMES.length + 1);
    expect(text).toContain('keywell_key_state{key="say \\"hi\\"\\\\\\n"} 1\n');
  });

  it('puts a count under the labels it was counted for', () => {
    const cells = createMetricCells(1);
    const meter = new Meter(cells, 0);
    for (const [row, operation] of OPERATIONS.entries()) {
      for (const [column, status] of STATUS_CLASSES.entries()) {
        meter.add('requests', row * 10 + column + 1, row * STATUS_CLASSES.length + column);
        const series = `keywell_requests_total{operation="${operation}",status="${status}"}`;
        expect(valueOf(renderMetrics(cells, 1, []), series)).toBe(row * 10 + column + 1);
      }
    }
    meter.add('attempts', 7, VERDICT_CLASSES.indexOf('credential_dead'));
    const text = renderMetrics(cells, 1, []);
    expect(valueOf(text, 'keywell_attempts_total{verdict="credential_dead"}')).toBe(7);
    expect(valueOf(text, 'keywell_attempts_total{verdict="success"}')).toBe(0);
  });

  it('adds up a histogram: a bound includes itself, the last bucket everything', () => {
    const cells = createMetricCells(2);
    const values = [0, 1, 1.01, 100, 120_000, 120_001, 1e9];
    for (const [index, value] of values.entries()) {
      new Meter(cells, index % 2).observe('firstByte', value);
    }
    const text = renderMetrics(cells, 2, []);
    const bucket = (le: string): number | null =>
      valueOf(text, `keywell_first_byte_milliseconds_bucket{le="${le}"}`);
    for (const bound of LATENCY_BUCKETS_MS) {
      expect(bucket(String(bound))).toBe(values.filter((value) => value <= bound).length);
    }
    expect(bucket('+Inf')).toBe(values.length);
    expect(valueOf(text, 'keywell_first_byte_milliseconds_count')).toBe(values.length);
    expect(valueOf(text, 'keywell_first_byte_milliseconds_sum')).toBeCloseTo(
      values.reduce((sum, value) => sum + value, 0),
      3,
    );
  });
});
