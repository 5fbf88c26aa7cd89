/**
 * A scope's clearings in one cell: the send sequence of the last, in its whole part; and in its fraction, how many fewer the last one by
 * hand had, as far as a number holds both exactly. At a thousand attempts a second that is over an hour behind within ten days of
 * running and half a minute after years; what lies further behind is forgotten. The cell grows with either.
 */

/** The step of the fraction beside a sequence: what a double tells apart there, or the double of that. */
const unitAt = (cleared: number): number => 2 ** (Math.floor(Math.log2(Math.max(1, cleared))) - 51);

/** `byHand`: the sequence of the last clearing by hand, at most `cleared`; -1 for none. */
export function packClears(cleared: number, byHand: number): number {
  const unit = unitAt(cleared);
  const steps = 1 / unit - 1 - (cleared - byHand);
  return byHand < 0 || steps <= 0 ? cleared : cleared + steps * unit;
}

/** What was sent up to here was cleared, by a success or by hand; 0 for nothing. */
export const clearedIn = (clears: number): number => Math.floor(clears);

/** What was sent up to here was cleared by hand; -1 for nothing. */
export function clearedByHandIn(clears: number): number {
  const cleared = Math.floor(clears);
  if (clears === cleared) return -1;
  const unit = unitAt(cleared);
  return cleared - (1 / unit - 1 - (clears - cleared) / unit);
}
