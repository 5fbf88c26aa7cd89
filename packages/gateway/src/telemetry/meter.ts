import {
  LATENCY_BUCKETS_MS,
  METRIC_CELLS,
  METRIC_NAMES,
  METRICS,
  offsetOf,
  type MetricName,
} from './metric-table.ts';

/** Counts into one worker's row of the shared metric cells. A row has a single writer, so that no lock is needed. */
export class Meter {
  readonly #cells: Float64Array;

  constructor(buffer: SharedArrayBuffer, row: number) {
    this.#cells = new Float64Array(buffer, row * METRIC_CELLS * 8, METRIC_CELLS);
  }

  /** Adds to a counter or gauge; `series` counts through the product of its labels' values. */
  add(name: MetricName, amount = 1, series = 0): void {
    const cell = offsetOf(name) + series;
    this.#cells[cell] = (this.#cells[cell] ?? 0) + amount;
  }

  set(name: MetricName, value: number): void {
    this.#cells[offsetOf(name)] = value;
  }

  /** What a gauge stands at. */
  read(name: MetricName): number {
    return this.#cells[offsetOf(name)] ?? 0;
  }

  observe(name: MetricName, value: number): void {
    const start = offsetOf(name);
    let bucket = 0;
    while (bucket < LATENCY_BUCKETS_MS.length && value > (LATENCY_BUCKETS_MS[bucket] ?? 0)) {
      bucket += 1;
    }
    this.#cells[start + bucket] = (this.#cells[start + bucket] ?? 0) + 1;
    const sum = start + LATENCY_BUCKETS_MS.length + 1;
    this.#cells[sum] = (this.#cells[sum] ?? 0) + value;
  }

  /** What a dead worker had open is open no more; its counts stay. */
  clearGauges(): void {
    for (const name of METRIC_NAMES) {
      if (METRICS[name].type === 'gauge') this.#cells[offsetOf(name)] = 0;
    }
  }
}

export function createMetricCells(rows: number): SharedArrayBuffer {
  return new SharedArrayBuffer(rows * METRIC_CELLS * 8);
}
