import { chargeOf, type CallCost } from './call-cost.ts';
import type { ShareSeat } from './share-seat.ts';
import { BUCKETS, COUNT, SHARE } from './waiting-layout.ts';
import {
  commitWaiting,
  ofShare,
  put,
  read,
  shareCell,
  type WaitingTable,
} from './waiting-table.ts';

/**
 * The tree by which capacity is shared: pool → class → organization → team → consumer, only those that compete. Everything here is
 * called under the table's lock.
 */

/** Key of a class below its pool; classes are told apart by their rank. */
const classKey = (rank: number): number => 1 + rank;

/** How long a share that rests is kept before its slot may be used again. */
const REST_MS = 60_000;

/** The pool's own share, 0 when nobody has waited in it or used it. */
export function poolShare(table: WaitingTable, pool: number): number {
  return findChild(table, 0, pool);
}

/** A seat's share, made if need be with everything above it; 0 when the table has no room. Commits what is written before. */
export function takeSeat(table: WaitingTable, seat: ShareSeat, now: number): number {
  let share = seatIn(table, 0, { key: seat.pool, weight: 1, rank: 0 }, now);
  if (share !== 0) {
    const rank = { key: classKey(seat.rank), weight: 1, rank: seat.rank };
    share = seatIn(table, share, rank, now);
  }
  for (let at = 0; at < seat.path.length && share !== 0; at += 1) {
    const step = { key: seat.path[at] ?? 0, weight: seat.weights[at] ?? 1, rank: 0 };
    share = seatIn(table, share, step, now);
  }
  return share;
}

/** A seat's share if it is there, else 0. */
export function findSeat(table: WaitingTable, seat: ShareSeat): number {
  let share = findChild(table, 0, seat.pool);
  if (share !== 0) share = findChild(table, share, classKey(seat.rank));
  for (let at = 0; at < seat.path.length && share !== 0; at += 1) {
    share = findChild(table, share, seat.path[at] ?? 0);
  }
  return share;
}

/** Adds tickets, cost and tokens that wait, here and above. A share that had none starts where the others are: idling earns nothing. */
export function addWaiting(
  table: WaitingTable,
  leaf: number,
  by: { readonly tickets: number; readonly cost: number; readonly tokens: number },
): void {
  for (let share = leaf; share !== 0; share = ofShare(table, share, SHARE.parent)) {
    const before = ofShare(table, share, SHARE.waiting);
    if (before === 0) catchUp(table, share);
    const left = before + by.tickets;
    put(table, shareCell(table, share, SHARE.waiting), left);
    // Sums of doubles drift; an empty share has none.
    add(table, share, SHARE.waitingCost, left === 0 ? null : by.cost);
    add(table, share, SHARE.waitingTokens, left === 0 ? null : by.tokens);
  }
}

/** Charges what is served to a share and everything above it. A correction may be negative. */
export function chargeShare(table: WaitingTable, leaf: number, cost: CallCost): void {
  for (let share = leaf; share !== 0; share = ofShare(table, share, SHARE.parent)) {
    const served = ofShare(table, share, SHARE.served);
    const weight = ofShare(table, share, SHARE.weight);
    const charge = chargeOf(ofShare(table, share, SHARE.ahead), cost);
    put(table, shareCell(table, share, SHARE.served), served + charge.cost / weight);
    put(table, shareCell(table, share, SHARE.ahead), charge.ahead);
  }
}

/** The children's virtual time moves to where the share that is served now began, here and above. */
export function raiseFloors(table: WaitingTable, leaf: number): void {
  for (let share = leaf; share !== 0;) {
    const parent = ofShare(table, share, SHARE.parent);
    if (parent === 0) return;
    const floor = shareCell(table, parent, SHARE.floor);
    const served = ofShare(table, share, SHARE.served);
    if (served > read(table, floor)) put(table, floor, served);
    share = parent;
  }
}

/** The share right below the pool and class that a share belongs to: the tenant. */
export function tenantOf(table: WaitingTable, leaf: number): number {
  let tenant = leaf;
  for (;;) {
    const parent = ofShare(table, tenant, SHARE.parent);
    const above = ofShare(table, parent, SHARE.parent);
    if (above === 0 || ofShare(table, above, SHARE.parent) === 0) return tenant;
    tenant = parent;
  }
}

/** The pool's share above any other. */
export function poolAbove(table: WaitingTable, leaf: number): number {
  let share = leaf;
  for (;;) {
    const parent = ofShare(table, share, SHARE.parent);
    if (parent === 0) return share;
    share = parent;
  }
}

function catchUp(table: WaitingTable, share: number): void {
  const parent = ofShare(table, share, SHARE.parent);
  const floor = parent === 0 ? 0 : ofShare(table, parent, SHARE.floor);
  const served = shareCell(table, share, SHARE.served);
  if (read(table, served) < floor) put(table, served, floor);
}

function add(table: WaitingTable, share: number, of: number, by: number | null): void {
  const cell = shareCell(table, share, of);
  put(table, cell, by === null ? 0 : read(table, cell) + by);
}

interface Step {
  readonly key: number;
  readonly weight: number;
  readonly rank: number;
}

function seatIn(table: WaitingTable, parent: number, step: Step, now: number): number {
  const known = findChild(table, parent, step.key);
  const share = known === 0 ? makeShare(table, parent, step, now) : known;
  if (share === 0) return 0;
  const weight = shareCell(table, share, SHARE.weight);
  if (read(table, weight) !== step.weight) put(table, weight, step.weight);
  put(table, shareCell(table, share, SHARE.seenAt), now);
  commitWaiting(table);
  return share;
}

const bucketOf = (table: WaitingTable, parent: number, key: number): number => {
  const low = (key % 0x7fff_ffff) | 0;
  const mixed = Math.imul(low ^ Math.imul(parent + 1, 0x9e37_79b9), 0x85eb_ca6b);
  return table.places.buckets + (((mixed >>> 16) ^ (mixed & 0xffff)) % BUCKETS);
};

function findChild(table: WaitingTable, parent: number, key: number): number {
  let share = read(table, bucketOf(table, parent, key));
  for (; share !== 0; share = ofShare(table, share, SHARE.chain)) {
    const same = ofShare(table, share, SHARE.key) === key;
    if (same && ofShare(table, share, SHARE.parent) === parent) return share;
  }
  return 0;
}

function makeShare(table: WaitingTable, parent: number, step: Step, now: number): number {
  const share = freeSlot(table, now, parent);
  if (share === 0) return 0;
  const generation = read(table, COUNT.generation) + 1;
  put(table, COUNT.generation, generation);
  for (let of = 0; of < SHARE.cells; of += 1) {
    const cell = shareCell(table, share, of);
    if (read(table, cell) !== 0) put(table, cell, 0);
  }
  const bucket = bucketOf(table, parent, step.key);
  put(table, shareCell(table, share, SHARE.key), step.key);
  put(table, shareCell(table, share, SHARE.generation), generation);
  put(table, shareCell(table, share, SHARE.parent), parent);
  put(table, shareCell(table, share, SHARE.weight), step.weight);
  put(table, shareCell(table, share, SHARE.rank), step.rank);
  put(table, shareCell(table, share, SHARE.chain), read(table, bucket));
  put(table, bucket, share);
  if (parent !== 0) {
    put(table, shareCell(table, share, SHARE.served), ofShare(table, parent, SHARE.floor));
    const first = ofShare(table, parent, SHARE.firstChild);
    put(table, shareCell(table, share, SHARE.nextSibling), first);
    if (first !== 0) put(table, shareCell(table, first, SHARE.previousSibling), share);
    put(table, shareCell(table, parent, SHARE.firstChild), share);
  }
  return share;
}

function freeSlot(table: WaitingTable, now: number, keep: number): number {
  const used = read(table, COUNT.sharesUsed);
  if (read(table, COUNT.freeShare) === 0 && used >= table.counts.shares) {
    freeResting(table, now, keep);
  }
  const free = read(table, COUNT.freeShare);
  if (free !== 0) {
    put(table, COUNT.freeShare, ofShare(table, free, SHARE.chain));
    return free;
  }
  if (used >= table.counts.shares) return 0;
  put(table, COUNT.sharesUsed, used + 1);
  return used + 1;
}

/** Frees shares that rest, lowest first: nothing waits in them, and they have used nothing of a window that still runs. */
function freeResting(table: WaitingTable, now: number, keep: number): void {
  for (let share = table.counts.shares; share > 0; share -= 1) {
    if (share === keep || ofShare(table, share, SHARE.key) === 0) continue;
    const rests =
      ofShare(table, share, SHARE.waiting) === 0 &&
      ofShare(table, share, SHARE.firstChild) === 0 &&
      ofShare(table, share, SHARE.seenAt) + REST_MS <= now &&
      ofShare(table, share, SHARE.windowEndsAt) <= now;
    if (rests) freeShare(table, share);
  }
}

function freeShare(table: WaitingTable, share: number): void {
  const parent = ofShare(table, share, SHARE.parent);
  const next = ofShare(table, share, SHARE.nextSibling);
  const previous = ofShare(table, share, SHARE.previousSibling);
  if (next !== 0) put(table, shareCell(table, next, SHARE.previousSibling), previous);
  if (previous !== 0) put(table, shareCell(table, previous, SHARE.nextSibling), next);
  else if (parent !== 0) put(table, shareCell(table, parent, SHARE.firstChild), next);
  unchain(table, share, bucketOf(table, parent, ofShare(table, share, SHARE.key)));
  put(table, shareCell(table, share, SHARE.key), 0);
  put(table, shareCell(table, share, SHARE.generation), 0);
  put(table, shareCell(table, share, SHARE.chain), read(table, COUNT.freeShare));
  put(table, COUNT.freeShare, share);
  commitWaiting(table);
}

function unchain(table: WaitingTable, share: number, bucket: number): void {
  let link = bucket;
  while (read(table, link) !== share && read(table, link) !== 0) {
    link = shareCell(table, read(table, link), SHARE.chain);
  }
  put(table, link, ofShare(table, share, SHARE.chain));
}
