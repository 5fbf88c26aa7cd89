import { HEADER } from './table-layout.ts';

/**
 * The node-wide order in which attempts were sent: a number that only grows, exact in a double, drawn without a lock and without
 * allocating. The low 32 bits are one atomic counter; how often its halves have passed is kept beside it and tells an overflow apart,
 * whichever thread notices it first: a half's own top bit says whether the count beside it is up to date.
 */
const HALF = 2 ** 31;

/** Draws the next send sequence: 1, 2, 3 … */
export function nextSendSequence(ints: Int32Array): number {
  const half = Atomics.load(ints, HEADER.sequenceHalf);
  const low = Atomics.add(ints, HEADER.sequenceLow, 1);
  return combine(ints, half, low) + 1;
}

/** The latest send sequence that was drawn; 0 before the first. */
export function currentSendSequence(ints: Int32Array): number {
  const half = Atomics.load(ints, HEADER.sequenceHalf);
  return combine(ints, half, Atomics.load(ints, HEADER.sequenceLow));
}

/** Starts a table's sequence after that of the table it succeeds. */
export function startSendSequence(ints: Int32Array, after: number): void {
  Atomics.store(ints, HEADER.sequenceHalf, Math.floor(after / HALF));
  Atomics.store(ints, HEADER.sequenceLow, (after % 2 ** 32) | 0);
}

function combine(ints: Int32Array, half: number, low: number): number {
  const upper = low < 0 ? 1 : 0;
  if ((half & 1) === upper) return half * HALF + (low & 0x7fffffff);
  Atomics.compareExchange(ints, HEADER.sequenceHalf, half, half + 1);
  return (half + 1) * HALF + (low & 0x7fffffff);
}
