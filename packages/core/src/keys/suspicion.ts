import { readCell } from './cooldown-cells.ts';
import type { KeyTable } from './key-table.ts';
import { write } from './table-journal.ts';
import { SUSPICION, SUSPICION_CELLS, WINDOW_BUCKETS } from './table-layout.ts';

/**
 * Failures that were the endpoint's or the request's, nobody knows: they count for the breaker once enough consumers have met them in
 * ten seconds, since one consumer's poisonous request must not close a provider to all. Who met them is kept as 64 bits, so that no
 * number of consumers takes more room; two consumers may share a bit, which errs towards not blaming. All of it under the endpoint's
 * lock.
 */

const SECOND_MS = 1000;
const BITS = 64;
const HALF = 32;

/** Distinct consumers from which on an endpoint is to blame for what nobody else served better. */
const LEAST_CONSUMERS = 3;

const windowOf = (table: KeyTable, breaker: number): number =>
  table.layout.suspicions + breaker * SUSPICION_CELLS;

/** Notes one failure that this consumer met; `consumer` is any number that is the consumer's own, such as its slot. */
export function noteSuspicion(
  table: KeyTable,
  breaker: number,
  consumer: number,
  now: number,
): void {
  const second = Math.floor(now / SECOND_MS);
  const bucket = windowOf(table, breaker) + (second % WINDOW_BUCKETS) * SUSPICION.cells;
  if (readCell(table, bucket + SUSPICION.second) !== second + 1) {
    write(table, bucket + SUSPICION.failures, 0);
    write(table, bucket + SUSPICION.low, 0);
    write(table, bucket + SUSPICION.high, 0);
    // Seconds are stored plus one, so that zeroed memory is no bucket of second 0.
    write(table, bucket + SUSPICION.second, second + 1);
  }
  write(table, bucket + SUSPICION.failures, readCell(table, bucket + SUSPICION.failures) + 1);
  const bit = consumer % BITS;
  const half = bucket + (bit < HALF ? SUSPICION.low : SUSPICION.high);
  const bits = readCell(table, half) | (1 << (bit % HALF));
  write(table, half, bits >>> 0);
}

/** Failures of the last `seconds` seconds that count because at least three consumers met them; else 0. */
export function failuresOfMany(
  table: KeyTable,
  breaker: number,
  now: number,
  seconds: number,
): number {
  const window = windowOf(table, breaker);
  const oldest = Math.floor(now / SECOND_MS) + 2 - seconds;
  let failures = 0;
  let low = 0;
  let high = 0;
  for (let at = 0; at < WINDOW_BUCKETS; at += 1) {
    const bucket = window + at * SUSPICION.cells;
    const second = readCell(table, bucket + SUSPICION.second);
    if (second === 0 || second < oldest) continue;
    failures += readCell(table, bucket + SUSPICION.failures);
    low |= readCell(table, bucket + SUSPICION.low);
    high |= readCell(table, bucket + SUSPICION.high);
  }
  return bitsIn(low) + bitsIn(high) >= LEAST_CONSUMERS ? failures : 0;
}

/** Forgets everything noted. */
export function emptySuspicions(table: KeyTable, breaker: number): void {
  const window = windowOf(table, breaker);
  for (let at = 0; at < WINDOW_BUCKETS; at += 1) {
    const second = window + at * SUSPICION.cells + SUSPICION.second;
    if (readCell(table, second) !== 0) write(table, second, 0);
  }
}

function bitsIn(half: number): number {
  let bits = 0;
  for (let left = half; left !== 0; left &= left - 1) bits += 1;
  return bits;
}
