import { readCell } from './cooldown-cells.ts';
import type { KeyTable } from './key-table.ts';
import { DEFAULT_OUTPUT_TOKENS } from './need.ts';
import type { Candidate } from './plan.ts';
import { STATS } from './table-layout.ts';
import { write } from './table-journal.ts';

/** What one answered attempt showed of a model's sizes and pace; absent is what is not known. */
export interface SizeSample {
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Bytes of the text that became the input. */
  readonly requestBytes?: number;
}

/** English prose; what most tokenizers come to. */
const DEFAULT_BYTES_PER_TOKEN = 4;
const QUANTILE = 0.9;
/** How far the quantile moves with one sample, as a share of itself; further while it is new. */
const QUANTILE_STEP = 0.05;
const MEAN_STEP = 0.05;
const WARM_SAMPLES = 20;
const LEAST_QUANTILE = 1;

const statsCell = (table: KeyTable, breaker: number, cell: number): number =>
  table.layout.stats + breaker * STATS.cells + cell;

/** Learns from an answer, under the endpoint's lock. */
export function learnSizes(table: KeyTable, candidate: Candidate, sample: SizeSample): void {
  const { inputTokens, outputTokens, requestBytes } = sample;
  if (!isCount(inputTokens) || !isCount(outputTokens)) return;
  const cell = statsCell(table, candidate.breaker, 0);
  const samples = readCell(table, cell + STATS.samples);
  const step = Math.max(MEAN_STEP, 1 / (samples + 1));
  write(table, cell + STATS.samples, samples + 1);
  moveMean(table, cell + STATS.inputMean, inputTokens, step);
  moveMean(table, cell + STATS.outputMean, outputTokens, step);
  moveQuantile(table, cell + STATS.outputP90, outputTokens, samples);
  if (requestBytes !== undefined && requestBytes > 0 && inputTokens > 0) {
    const known = readCell(table, cell + STATS.bytesPerToken);
    const bytesPerToken = Math.min(16, Math.max(0.5, requestBytes / inputTokens));
    moveMean(table, cell + STATS.bytesPerToken, bytesPerToken, known === 0 ? 1 : step);
  }
}

const isCount = (count: number): boolean => count >= 0 && count < Infinity;

function moveMean(table: KeyTable, cell: number, sample: number, step: number): void {
  const mean = readCell(table, cell);
  write(table, cell, mean + (sample - mean) * step);
}

/** Up nine times as far as down: it comes to rest where a tenth of the samples lies above. */
function moveQuantile(table: KeyTable, cell: number, sample: number, samples: number): void {
  const known = readCell(table, cell);
  if (samples === 0) {
    write(table, cell, Math.max(LEAST_QUANTILE, sample));
    return;
  }
  const step = QUANTILE_STEP * (samples < WARM_SAMPLES ? 4 : 1) * Math.max(known, LEAST_QUANTILE);
  const moved = known + step * (sample > known ? QUANTILE : QUANTILE - 1);
  // Never beyond the sample itself, so that equal samples give exactly their value.
  const bounded = sample > known ? Math.min(moved, sample) : Math.max(moved, sample);
  write(table, cell, Math.max(LEAST_QUANTILE, bounded));
}

/** Learns how long the first content took, under the endpoint's lock. */
export function learnFirstToken(table: KeyTable, candidate: Candidate, tookMs: number): void {
  if (!isCount(tookMs)) return;
  const cell = statsCell(table, candidate.breaker, 0);
  const samples = readCell(table, cell + STATS.firstTokens);
  write(table, cell + STATS.firstTokens, samples + 1);
  moveMean(table, cell + STATS.firstTokenMs, tookMs, Math.max(MEAN_STEP, 1 / (samples + 1)));
}

/** The learned 90th percentile of a model's output at an endpoint, tokens. */
export function learnedOutput(table: KeyTable, breaker: number): number {
  const known = readCell(table, statsCell(table, breaker, STATS.samples)) > 0;
  return known
    ? readCell(table, statsCell(table, breaker, STATS.outputP90))
    : DEFAULT_OUTPUT_TOKENS;
}

/** Bytes of text that make one token of input there. */
export function learnedBytesPerToken(table: KeyTable, breaker: number): number {
  const known = readCell(table, statsCell(table, breaker, STATS.bytesPerToken));
  return known > 0 ? known : DEFAULT_BYTES_PER_TOKEN;
}

/** Mean time to the first content, milliseconds; 0 where none was seen. */
export const learnedFirstToken = (table: KeyTable, breaker: number): number =>
  readCell(table, statsCell(table, breaker, STATS.firstTokenMs));

/** What a usual request there wants of each QUANTITY. */
export function usualNeed(table: KeyTable, breaker: number): readonly number[] {
  const known = readCell(table, statsCell(table, breaker, STATS.samples)) > 0;
  const input = known ? readCell(table, statsCell(table, breaker, STATS.inputMean)) : 1000;
  const output = known
    ? readCell(table, statsCell(table, breaker, STATS.outputMean))
    : DEFAULT_OUTPUT_TOKENS;
  return [1, input + output, input, output, 0, 0];
}
