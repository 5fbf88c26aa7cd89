import { readCell } from './cooldown-cells.ts';
import type { KeyTable } from './key-table.ts';
import { BLOCK, LEARNED, LIMIT } from './table-layout.ts';

/** Reading and packing of what was learned of a block, see LEARNED. */
export const MINUTE_MS = 60_000;
export const LEAST_PER_MINUTE = 1;
/** What calls may overtake each other by on their way. */
export const GUARD_MS = 45;

export const learnedCell = (block: number, cell: number): number => block + BLOCK.learned + cell;

export const readLearned = (table: KeyTable, block: number, cell: number): number =>
  readCell(table, block + BLOCK.learned + cell);

export const isTold = (table: KeyTable, block: number): boolean =>
  readCell(table, block + BLOCK.limits + LIMIT.tag) !== 0;

/** The learned limit, requests a minute; 0 where nothing was refused yet. */
export const learnedPerMinute = (table: KeyTable, block: number): number =>
  readLearned(table, block, LEARNED.perMinute);

/** When the attempt that was refused last was sent; 0 where none was. */
export const refusedSentAt = (table: KeyTable, block: number): number =>
  Math.abs(readLearned(table, block, LEARNED.refusedSentAt));

/** An instant and a count in one cell: when the first attempt since a refusal was sent, and how many have been. */
export const MOST_SINCE = 2 ** 16;
export const packSince = (firstAt: number, sent: number): number =>
  Math.ceil(firstAt) * MOST_SINCE + Math.min(sent, MOST_SINCE - 1);
export const firstSince = (since: number): number => Math.floor(since / MOST_SINCE);
export const sentSince = (since: number): number => since % MOST_SINCE;

/**
 * Two counts and a third in one cell: what passed in the window of a refusal was at most and at least so many, and so many refusals in a
 * row have been heard of with nothing between them that passed, see `MOST_IN_A_ROW`.
 */
export interface Bounds {
  readonly most: number;
  readonly least: number;
  readonly inARow: number;
}
const MOST_BOUND = 2 ** 20;
const IN_A_ROW = MOST_BOUND ** 2;
export const packBounds = ({ most, least, inARow }: Bounds): number =>
  inARow * IN_A_ROW + Math.ceil(most) * MOST_BOUND + Math.floor(least);
export const mostOf = (bounds: number): number => Math.floor((bounds % IN_A_ROW) / MOST_BOUND);
export const leastOf = (bounds: number): number => bounds % MOST_BOUND;
export const inARowOf = (bounds: number): number => Math.floor(bounds / IN_A_ROW);
/** From so many refusals in a row on nobody believes any more that what is known of the limit is only a little too much. */
export const MOST_IN_A_ROW = 6;
