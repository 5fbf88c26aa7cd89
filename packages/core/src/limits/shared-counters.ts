import type { LimitObservation } from '../keys/limit-observation.ts';

/**
 * What several nodes use of the same limits. A node takes amounts ahead and spends them by itself, so a request never waits for the
 * store. Within one node shared memory does this; there is no adapter between nodes yet.
 */
export interface SharedCounters {
  /**
   * Takes up to `amount` of what is left of a limit for this node alone: how much was granted, 0 when nothing is left. Null when the
   * store does not answer.
   */
  take(limit: string, amount: number, now: number): number | null;
}

/** Nobody may believe that there are fewer nodes than itself. */
const nodesOf = (liveNodes: number): number => (liveNodes > 1 ? Math.floor(liveNodes) : 1);

/**
 * What one node may use of an amount that all live nodes use, while nobody counts for all of them. The parts of all nodes are never
 * more than the whole; what no node is asked for lies idle until the store is back. Beyond the whole goes only what nodes had taken
 * ahead when the store went, and what was taken since a node last heard how much is left.
 */
export function partWithoutStore(whole: number, liveNodes: number): number {
  return whole > 0 ? whole / nodesOf(liveNodes) : 0;
}

/** A limit as a node that has to do without the store sees it: its part of all, and of what is left. */
export function observedAlone(told: LimitObservation, liveNodes: number): LimitObservation {
  const part = (amount: number | null): number | null =>
    amount === null ? null : Math.floor(partWithoutStore(amount, liveNodes));
  return { ...told, limit: part(told.limit), remaining: part(told.remaining) };
}
