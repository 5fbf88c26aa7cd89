import { readCell } from './cooldown-cells.ts';
import type { KeyTable } from './key-table.ts';
import { REFILL } from './limit-tag.ts';
import { QUANTITY, quantityOfCode } from './quantity.ts';
import { LIMIT } from './table-layout.ts';

/** When a window ends, and whether what was told is about one that had ended before it was heard. */
export interface WindowEnd {
  readonly resetAt: number;
  readonly isOver: boolean;
}

/** What is known of a window's end: the instant held so far (0 for none), and between which two the told one lies. */
export interface ToldEnd {
  readonly known: number;
  readonly spanMs: number;
  readonly earliest: number;
  readonly latest: number;
  readonly now: number;
}

/**
 * A reset counts from when the provider wrote it, which is at some time between sending and hearing: with the whole of a long answer
 * that is many seconds. A window ends once, so an end that is known already stays where it lies between the two: it was the latest that
 * an earlier answer allowed. Where the known window is the one that followed, the told one is over.
 */
export function windowEnd({ known, spanMs, earliest, latest, now }: ToldEnd): WindowEnd {
  const before = known - spanMs;
  if (known > 0 && before >= earliest && before <= Math.min(latest, now)) {
    return { resetAt: known, isOver: true };
  }
  if (known >= earliest && known <= latest) return { resetAt: known, isOver: known <= now };
  return { resetAt: latest, isOver: false };
}

/**
 * Whether an attempt that tells what a window has left of requests was under way together with others. Of those nobody knows which came
 * first: when a window opens, dozens are sent in one millisecond, and the last of them may be the first there. So what is left does not
 * rise by what one of them tells.
 */
export function mayHaveOvertaken(
  table: KeyTable,
  at: number,
  told: {
    readonly dimension: number;
    readonly refill: number;
    readonly sentAt: number;
    readonly limit: number;
  },
): boolean {
  const counted = quantityOfCode(told.dimension) === QUANTITY.requests;
  const same = told.limit === readCell(table, at + LIMIT.limit);
  const together = told.sentAt <= readCell(table, at + LIMIT.at);
  return counted && same && together && told.refill === REFILL.window;
}
