import { dominantOf, type CallCost } from './call-cost.ts';

/** The part of the longest wait in its pool by which a call's turn comes later each time that what it takes doubles. */
const WAIT_PER_DOUBLING = 1 / 4;

/** What the turns in a pool depend on. */
export interface TurnTerms {
  /** The longest that a call may wait in it, milliseconds. */
  readonly maxWaitMs: number;
  /** Whether its tokens are limited, as far as is known. */
  readonly limitsTokens: boolean;
}

/**
 * The instant by which waiting calls of one consumer are ordered, monotonic: its deadline, and later the more shares of the pool it takes
 * than one. A call that takes ten shares holds up ten others; by its deadline alone it would go before them all. Where tokens are not
 * limited every call takes one share.
 */
export function turnOf(
  call: { readonly deadlineAt: number; readonly cost: CallCost },
  { maxWaitMs, limitsTokens }: TurnTerms,
): number {
  if (!limitsTokens) return call.deadlineAt;
  return call.deadlineAt + Math.log2(dominantOf(call.cost)) * maxWaitMs * WAIT_PER_DOUBLING;
}
