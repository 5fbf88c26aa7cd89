import type { ShareSeat } from './share-seat.ts';
import { findSeat, poolShare, takeSeat } from './share-tree.ts';
import { SHARE } from './waiting-layout.ts';
import {
  lockWaiting,
  ofShare,
  put,
  read,
  shareCell,
  unlockWaiting,
  type WaitingTable,
} from './waiting-table.ts';

/**
 * Shares before dry. On a limit that refills at one instant, whoever comes first could take everything and leave the others nothing until
 * then, however fair the queue is. So above 70 % use a tenant that has had its share leaves to each other active tenant what that one may
 * still take and, by its peak demand, still could: min(unused share, peak demand × time left). Everything is in parts of the window.
 */

/** Up to this use nobody has to leave anything. */
const FREE_USE = 0.7;
/** Demand is measured in bursts of this length; its peak fades to half in a minute. */
const BURST_MS = 2000;
const PEAK_HALF_LIFE_MS = 60_000;
/** Who has not asked for this long, or for a tenth of a longer window, is not active: idling earns nothing. */
const ACTIVE_MS = 60_000;
const ACTIVE_PART = 0.1;
/** Ends that are no further apart than this part of a window's length are the end of one window. */
const SAME_END_PART = 0.25;

/** The tightest limit of a pool that refills at one instant. */
export interface SharedWindow {
  /** Monotonic instant at which it is full again. */
  readonly endsAt: number;
  readonly lengthMs: number;
  /** What is left of it, 0 to 1. */
  readonly remaining: number;
}

/** Notes that a tenant asked for so much, once a call, whether or not it is served: by this its peak demand is known. */
export function noteDemand(table: WaitingTable, seat: ShareSeat, cost: number, now: number): void {
  if (!lockWaiting(table)) return;
  const leaf = takeSeat(table, seat, now);
  for (let share = leaf; share !== 0; share = ofShare(table, share, SHARE.parent)) {
    rollBurst(table, share, now);
    const burst = shareCell(table, share, SHARE.burst);
    put(table, burst, read(table, burst) + cost);
    put(table, shareCell(table, share, SHARE.seenAt), now);
  }
  unlockWaiting(table);
}

/**
 * Whether a tenant may take `cost` of the window now; if so, it is counted. Also true while the table is locked: a moment's unfairness is
 * better than a refusal.
 */
export function takeOfWindow(
  table: WaitingTable,
  seat: ShareSeat,
  cost: number,
  at: { readonly window: SharedWindow; readonly now: number },
): boolean {
  if (!lockWaiting(table)) return true;
  const leaf = takeSeat(table, seat, at.now);
  const allowed = leaf === 0 || leavesEnough(table, seat, { leaf, cost }, at);
  if (allowed) countUse(table, leaf, cost, at.window);
  unlockWaiting(table);
  return allowed;
}

/** Corrects what was counted, when a call was settled or not sent after all. Nothing once the window has ended. */
export function correctWindow(
  table: WaitingTable,
  seat: ShareSeat,
  by: number,
  window: SharedWindow,
): void {
  if (by === 0 || !lockWaiting(table)) return;
  let share = findSeat(table, seat);
  for (; share !== 0; share = ofShare(table, share, SHARE.parent)) {
    if (!isCounting(table, share, window)) continue;
    const cell = shareCell(table, share, SHARE.used);
    put(table, cell, Math.max(0, read(table, cell) + by));
  }
  unlockWaiting(table);
}

/** What a consumer's share of a window is, and what it has used of it, both as parts of the whole: for its `x-ratelimit-*`. */
export function shareOfWindow(
  table: WaitingTable,
  seat: ShareSeat,
  at: { readonly window: SharedWindow; readonly now: number },
): { readonly share: number; readonly used: number } {
  const leaf = findSeat(table, seat);
  if (leaf === 0) return { share: 1, used: 0 };
  let share = 1;
  const pool = poolShare(table, seat.pool);
  for (let step = leaf; depthOf(table, step) > 1; step = ofShare(table, step, SHARE.parent)) {
    share *= ofShare(table, step, SHARE.weight) / activeWeight(table, pool, step, at);
  }
  return { share, used: usedOf(table, leaf, at.window) };
}

function leavesEnough(
  table: WaitingTable,
  seat: ShareSeat,
  of: { readonly leaf: number; readonly cost: number },
  at: { readonly window: SharedWindow; readonly now: number },
): boolean {
  const { window } = at;
  if (1 - window.remaining + of.cost <= FREE_USE) return true;
  const pool = poolShare(table, seat.pool);
  let leave = 0;
  let part = 1;
  // From the tenant down to the consumer: at each step, what its siblings must find.
  for (let depth = 2; depth < 2 + seat.path.length; depth += 1) {
    const step = ancestorAt(table, of.leaf, depth);
    const weights = activeWeight(table, pool, step, at);
    const own = (part * ofShare(table, step, SHARE.weight)) / weights;
    if (usedOf(table, step, window) + of.cost > own) {
      leave += leftToSiblings(table, pool, step, { part: part / weights, at });
    }
    part = own;
  }
  return leave === 0 || window.remaining - of.cost >= leave;
}

function leftToSiblings(
  table: WaitingTable,
  pool: number,
  step: number,
  by: {
    readonly part: number;
    readonly at: { readonly window: SharedWindow; readonly now: number };
  },
): number {
  const { window, now } = by.at;
  const leftMs = Math.max(0, window.endsAt - now);
  let leave = 0;
  forEachSibling(table, pool, step, (sibling) => {
    if (sibling === step || !isActive(table, sibling, by.at)) return;
    const own = by.part * ofShare(table, sibling, SHARE.weight);
    const unused = Math.max(0, own - usedOf(table, sibling, window));
    leave += Math.min(unused, peakOf(table, sibling, now) * leftMs);
  });
  return leave;
}

/** Sum of the weights of a share and of its active siblings. */
function activeWeight(
  table: WaitingTable,
  pool: number,
  step: number,
  at: { readonly window: SharedWindow; readonly now: number },
): number {
  let sum = 0;
  forEachSibling(table, pool, step, (sibling) => {
    if (sibling === step || isActive(table, sibling, at)) {
      sum += ofShare(table, sibling, SHARE.weight);
    }
  });
  return sum;
}

/** Tenants of all classes of a pool are siblings here: a class is an order of serving, not a share. */
function forEachSibling(
  table: WaitingTable,
  pool: number,
  step: number,
  each: (sibling: number) => void,
): void {
  const parent = ofShare(table, step, SHARE.parent);
  if (ofShare(table, parent, SHARE.parent) !== pool) {
    forEachChild(table, parent, each);
    return;
  }
  forEachChild(table, pool, (group) => forEachChild(table, group, each));
}

function forEachChild(table: WaitingTable, share: number, each: (child: number) => void): void {
  let child = ofShare(table, share, SHARE.firstChild);
  for (; child !== 0; child = ofShare(table, child, SHARE.nextSibling)) each(child);
}

function isActive(
  table: WaitingTable,
  share: number,
  at: { readonly window: SharedWindow; readonly now: number },
): boolean {
  const memoryMs = Math.max(ACTIVE_MS, at.window.lengthMs * ACTIVE_PART);
  return (
    ofShare(table, share, SHARE.waiting) > 0 ||
    at.now - ofShare(table, share, SHARE.seenAt) < memoryMs
  );
}

/** Whether a share's count is about this window: its end is told a little differently each time, the next one's is far from it. */
function isCounting(table: WaitingTable, share: number, window: SharedWindow): boolean {
  const apart = Math.abs(ofShare(table, share, SHARE.windowEndsAt) - window.endsAt);
  return apart <= window.lengthMs * SAME_END_PART;
}

function usedOf(table: WaitingTable, share: number, window: SharedWindow): number {
  return isCounting(table, share, window) ? ofShare(table, share, SHARE.used) : 0;
}

function countUse(table: WaitingTable, leaf: number, cost: number, window: SharedWindow): void {
  for (let share = leaf; share !== 0; share = ofShare(table, share, SHARE.parent)) {
    const used = usedOf(table, share, window);
    if (!isCounting(table, share, window)) {
      put(table, shareCell(table, share, SHARE.windowEndsAt), window.endsAt);
    }
    put(table, shareCell(table, share, SHARE.used), used + cost);
  }
}

/** Closes the burst that is over: its rate is the new peak, or the faded old one is. */
function rollBurst(table: WaitingTable, share: number, now: number): void {
  const burstAt = ofShare(table, share, SHARE.burstAt);
  if (now - burstAt < BURST_MS) return;
  put(table, shareCell(table, share, SHARE.peak), peakOf(table, share, now));
  put(table, shareCell(table, share, SHARE.burstAt), now);
  put(table, shareCell(table, share, SHARE.burst), 0);
}

/** Parts of a window a millisecond, as far as known now. */
function peakOf(table: WaitingTable, share: number, now: number): number {
  const ageMs = Math.max(0, now - ofShare(table, share, SHARE.burstAt));
  const faded = ofShare(table, share, SHARE.peak) * 0.5 ** (ageMs / PEAK_HALF_LIFE_MS);
  return Math.max(faded, ofShare(table, share, SHARE.burst) / Math.max(BURST_MS, ageMs));
}

/** Steps between a share and its pool: 0 for the pool, 1 for a class, 2 for a tenant. */
function depthOf(table: WaitingTable, share: number): number {
  let depth = 0;
  let parent = ofShare(table, share, SHARE.parent);
  for (; parent !== 0; parent = ofShare(table, parent, SHARE.parent)) depth += 1;
  return depth;
}

function ancestorAt(table: WaitingTable, leaf: number, depth: number): number {
  let share = leaf;
  for (let at = depthOf(table, leaf); at > depth; at -= 1) {
    share = ofShare(table, share, SHARE.parent);
  }
  return share;
}
