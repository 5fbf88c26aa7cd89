import { readCell } from './cooldown-cells.ts';
import type { KeyTable } from './key-table.ts';
import { REFILL } from './limit-tag.ts';
import { QUANTITY, quantityOfCode } from './quantity.ts';
import { BLOCK } from './table-layout.ts';

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
 * The most that can be left whatever an attempt tells; Infinity where it is believed. When dozens are sent in one millisecond the last of
 * them may be the first there, and tells more than is left by our own account, `own`: of a window's requests it is not believed as far as
 * what is under way explains it. Where more was declared than is told, our own account counts as well.
 */
export function mostLeft(
  table: KeyTable,
  block: number,
  told: {
    readonly dimension: number;
    readonly refill: number;
    readonly own: number;
    readonly remaining: number | null;
    readonly beyond: boolean;
  },
): number {
  const { own, remaining } = told;
  if (told.beyond) return own;
  const counted = quantityOfCode(told.dimension) === QUANTITY.requests;
  if (!counted || told.refill !== REFILL.window || remaining === null) return Infinity;
  const underWay = readCell(table, block + BLOCK.open + QUANTITY.places);
  return remaining - own <= underWay ? own : Infinity;
}
