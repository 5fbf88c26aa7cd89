import type { LimitObservation } from './limit-observation.ts';

/**
 * What is known of a limit beside its numbers, in one cell: dimension plus 1 in bits 0–5, then how it refills, who told it, and marks.
 * 0 is no limit at all.
 */
export const REFILL = Object.freeze({ unknown: 0, window: 1, continuous: 2 });

const REFILL_SHIFT = 6;
const SOURCE_SHIFT = 8;
const TWO_BITS = 3;

export const MARK = Object.freeze({
  /** An operator declared it: the larger of the provider's numbers never counts. */
  declared: 1 << 10,
  /** Nobody named the limit; the most that was ever left stands for it. */
  guessed: 1 << 11,
});

const SOURCES: readonly LimitObservation['source'][] = ['header', 'body', 'config', 'learned'];

export const dimensionInTag = (tag: number): number => (tag & 63) - 1;
export const refillInTag = (tag: number): number => (tag >> REFILL_SHIFT) & TWO_BITS;
export const sourceInTag = (tag: number): LimitObservation['source'] =>
  SOURCES[(tag >> SOURCE_SHIFT) & TWO_BITS] ?? 'header';

/** Puts a tag together. `refill` is one of REFILL, `marks` bits of MARK. */
export function packTag(
  dimension: number,
  refill: number,
  source: LimitObservation['source'],
  marks: number,
): number {
  return (
    (dimension + 1) | (refill << REFILL_SHIFT) | (SOURCES.indexOf(source) << SOURCE_SHIFT) | marks
  );
}

export const marksInTag = (tag: number): number => tag & (MARK.declared | MARK.guessed);
