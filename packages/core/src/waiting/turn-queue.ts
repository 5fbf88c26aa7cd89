import type { CallCost } from './call-cost.ts';
import { dropAllKept, firstKept, keepFor, nextKept, type KeptPlace } from './kept-refill.ts';
import { nextIn, type Look } from './next-ticket.ts';
import type { ShareSeat } from './share-seat.ts';
import {
  chargeShare,
  poolAbove,
  poolShare,
  raiseFloors,
  takeSeat,
  tenantOf,
} from './share-tree.ts';
import {
  costOf,
  freeTicket,
  idOfSlot,
  makeTicket,
  slotOfTicket,
  takeOut,
  type TicketId,
  type TicketTerms,
} from './tickets.ts';
import { COUNT, SHARE, TICKET, TICKET_STATE } from './waiting-layout.ts';
import {
  lockWaiting,
  ofShare,
  ofTicket,
  put,
  read,
  ringBell,
  shareCell,
  ticketCell,
  unlockWaiting,
  waitingOnNode,
  type WaitingTable,
} from './waiting-table.ts';

/**
 * The queue of calls that wait for capacity, one order for the whole node: earliest turn first inside fair shares. A ticket is in the
 * queue from `enqueue` until exactly one of `serve` and `leave`, or until it is displaced, which its owner finds out by `ticketState`.
 */

/** Turns of which the last goes by shares alone, whatever the classes: no class starves. */
const TURNS = 10;
/** How long a worker that was rung may leave its ticket alone before others pass it. */
const CALL_GRACE_MS = 50;
/** A share that may be displaced must stand that much above the newcomer's, so that two do not displace each other in turns. */
const DISPLACING_RATIO = 1.25;

/** Why nothing was queued: no place for this tenant, or the table locked for longer than a crash explains. */
export type NotQueued = 'full' | 'busy';

/** What was served, to be corrected when it is settled. */
export interface Served {
  readonly share: number;
  readonly generation: number;
  readonly cost: CallCost;
}

/** A ticket that is to be served next. */
export interface NextTicket {
  readonly id: TicketId;
  /** The worker that owns it. */
  readonly worker: number;
  readonly tokens: number;
  /** Whether its worker was rung for it: then that worker answers by `serve` or `answerCall`. */
  readonly called: boolean;
  /** The tickets before it that do not fit yet, and for which refill is put aside. */
  readonly kept: readonly Earmark[];
}

/** A ticket that does not fit yet, and where refill is put aside for it. */
export interface Earmark extends KeptPlace {
  readonly tokens: number;
}

/** Larger than any call, and not Infinity, which stands for nothing being known. */
const NO_SIZE = Number.MAX_VALUE;

export const NOTHING_KEPT: readonly Earmark[] = Object.freeze([]);

/** Whether anybody waits in a pool. A single read while nobody waits on the node. */
export function waitingIn(table: WaitingTable, pool: number): number {
  if (waitingOnNode(table) === 0) return 0;
  const share = poolShare(table, pool);
  return share === 0 ? 0 : ofShare(table, share, SHARE.waiting);
}

/**
 * Puts a call into the queue. At most `maxWaiting` wait in its pool; when all places are taken, a tenant that holds fewer than its share
 * of them takes the place of the last ticket of the tenant that holds most for its weight.
 */
export function enqueue(
  table: WaitingTable,
  seat: ShareSeat,
  terms: TicketTerms,
  at: { readonly now: number; readonly maxWaiting: number },
): TicketId | NotQueued {
  if (!lockWaiting(table)) return 'busy';
  const leaf = takeSeat(table, seat, at.now);
  const pool = poolShare(table, seat.pool);
  let slot = 0;
  let displaced = 0;
  if (leaf !== 0) {
    if (ofShare(table, pool, SHARE.waiting) >= at.maxWaiting) {
      displaced = displaceFor(table, pool, tenantOf(table, leaf));
    }
    if (ofShare(table, pool, SHARE.waiting) < at.maxWaiting) {
      slot = makeTicket(table, leaf, terms, at.now);
      // It may come before those for which something is put aside: what was found is found anew.
      put(table, shareCell(table, pool, SHARE.tooLargeUntil), 0);
    }
  }
  const id = slot === 0 ? 0 : idOfSlot(table, slot);
  unlockWaiting(table);
  if (displaced !== 0) ringBell(table, displaced);
  return id === 0 ? 'full' : id;
}

/**
 * The ticket whose turn it is in a pool: shares by virtual time, then the earliest turn. `smallerThan` looks past tickets that need
 * as many tokens or more, because one of that size was just found not to fit; so does what `noteNoRoom` has told the whole node. A ticket
 * that was put off is passed, and one whose worker was rung a while ago and does not come. Null when there is none, `busy` when the
 * table is locked.
 */
export function nextTicket(
  table: WaitingTable,
  pool: number,
  look: { readonly now: number; readonly smallerThan?: number },
): NextTicket | null | 'busy' {
  if (!lockWaiting(table)) return 'busy';
  const share = poolShare(table, pool);
  let found: NextTicket | null = null;
  if (share !== 0 && ofShare(table, share, SHARE.waiting) > 0) {
    const tooLarge = tooLargeIn(table, share, look.now);
    // What was put aside holds no longer than what was found not to fit.
    const holds = tooLarge < Infinity;
    const terms: Look = {
      byRank: (ofShare(table, share, SHARE.turns) + 1) % TURNS !== 0,
      smallerThan: Math.min(look.smallerThan ?? Infinity, tooLarge),
      now: look.now,
      worker: table.worker,
      calledBefore: look.now - CALL_GRACE_MS,
      passKept: holds,
    };
    const slot = nextIn(table, share, terms);
    if (slot !== 0)
      found = describe(table, slot, holds ? keptIn(table, share, slot) : NOTHING_KEPT);
  }
  unlockWaiting(table);
  return found;
}

/** What was found not to fit. */
export interface NoRoom {
  /** Null where it says nothing of others of any size: the call that was tried cannot go wherever they can. */
  readonly tokens: number | null;
  readonly now: number;
  readonly until: number;
  /** `roomCount` from before it was looked for: what has come back since is not in it. Absent: nothing can have. */
  readonly room?: number;
  /** The ticket that was tried, and where what comes back is put aside for it. */
  readonly keep?: (KeptPlace & { readonly id: TicketId }) | null;
}

/**
 * Tells the whole node that a call of so many tokens does not fit in a pool, so that no worker looks at one of that size again until
 * capacity may have come back: at `until`, or when `roomReturned` says so. Without it two workers would call each other in circles. For
 * the ticket that was tried refill of one quota domain may be put aside as long as that holds: a ticket that does not fit lets others pass,
 * which must not delay it. Whether something is put aside for it.
 */
export function noteNoRoom(table: WaitingTable, pool: number, found: NoRoom): boolean {
  if (!lockWaiting(table)) return false;
  const share = poolShare(table, pool);
  let isKept = false;
  if (share !== 0) {
    const tokens = found.tokens ?? NO_SIZE;
    const before = tooLargeIn(table, share, found.now);
    if (before === Infinity) dropAllKept(table, share);
    const untilCell = shareCell(table, share, SHARE.tooLargeUntil);
    // What was found of one call alone holds no longer for being found of others too.
    const isOfOne = found.tokens === null || before === NO_SIZE;
    const holdsUntil = isOfOne && before < Infinity ? read(table, untilCell) : Infinity;
    if (tokens < before || (isOfOne && found.until < holdsUntil)) {
      put(table, shareCell(table, share, SHARE.tooLarge), Math.min(tokens, before));
      put(table, untilCell, Math.min(found.until, holdsUntil));
      put(
        table,
        shareCell(table, share, SHARE.tooLargeRoom),
        found.room ?? read(table, COUNT.room),
      );
    }
    const { keep } = found;
    const slot = keep ? slotOfTicket(table, keep.id, TICKET_STATE.waiting) : 0;
    if (keep && slot !== 0) isKept = keepFor(table, share, slot, keep);
  }
  unlockWaiting(table);
  return isKept;
}

/** Capacity may have come back somewhere: whoever waits is worth a look again. */
export function roomReturned(table: WaitingTable): void {
  if (!lockWaiting(table)) return;
  put(table, COUNT.room, read(table, COUNT.room) + 1);
  unlockWaiting(table);
}

/** How often capacity may have come back on this node so far: what was worked out before is out of date when it has grown. */
export const roomCount = (table: WaitingTable): number => read(table, COUNT.room);

/** Size from which on tickets of a pool are known not to fit; Infinity when nothing is known. */
function tooLargeIn(table: WaitingTable, pool: number, now: number): number {
  const holds =
    ofShare(table, pool, SHARE.tooLargeUntil) > now &&
    ofShare(table, pool, SHARE.tooLargeRoom) === read(table, COUNT.room);
  return holds ? ofShare(table, pool, SHARE.tooLarge) : Infinity;
}

/** Puts a ticket off that cannot go for a reason of its own, so that the others are not held up by it. */
export function putOff(table: WaitingTable, id: TicketId, until: number): void {
  if (!lockWaiting(table)) return;
  const slot = slotOfTicket(table, id, TICKET_STATE.waiting);
  if (slot !== 0) {
    put(table, ticketCell(table, slot, TICKET.notBefore), until);
    put(table, ticketCell(table, slot, TICKET.calledAt), 0);
  }
  unlockWaiting(table);
}

/** Notes that a ticket's worker was called because it is its turn, and rings it. */
export function callTicket(table: WaitingTable, id: TicketId, now: number): void {
  if (!lockWaiting(table)) return;
  const slot = slotOfTicket(table, id, TICKET_STATE.waiting);
  const worker = slot === 0 ? 0 : ofTicket(table, slot, TICKET.worker);
  if (slot !== 0 && ofTicket(table, slot, TICKET.calledAt) === 0) {
    put(table, ticketCell(table, slot, TICKET.calledAt), now);
  }
  unlockWaiting(table);
  if (slot !== 0) ringBell(table, worker);
}

/** Says that a called ticket's worker has come and the call does not fit: from now on it is nobody's fault again. */
export function answerCall(table: WaitingTable, id: TicketId): void {
  if (!lockWaiting(table)) return;
  const slot = slotOfTicket(table, id, TICKET_STATE.waiting);
  if (slot !== 0) put(table, ticketCell(table, slot, TICKET.calledAt), 0);
  unlockWaiting(table);
}

/**
 * Ends a ticket because its call goes ahead, and charges its share. Null when it is no longer in the queue, and 'busy' when the table is
 * locked: then give back what was reserved for it.
 */
export function serve(table: WaitingTable, id: TicketId): Served | null | 'busy' {
  if (!lockWaiting(table)) return 'busy';
  const slot = slotOfTicket(table, id, TICKET_STATE.waiting);
  let served: Served | null = null;
  if (slot !== 0) {
    const leaf = ofTicket(table, slot, TICKET.share);
    const cost = costOf(table, slot);
    served = { share: leaf, generation: ofShare(table, leaf, SHARE.generation), cost };
    const pool = poolAbove(table, leaf);
    raiseFloors(table, leaf);
    chargeShare(table, leaf, cost);
    put(table, shareCell(table, pool, SHARE.turns), ofShare(table, pool, SHARE.turns) + 1);
    takeOut(table, slot, TICKET_STATE.free);
  }
  unlockWaiting(table);
  return served;
}

/** Corrects what a share was charged once it is known what the call took. */
export function correct(
  table: WaitingTable,
  { share, generation, cost }: Served,
  took: CallCost,
): void {
  const more = { requests: took.requests - cost.requests, tokens: took.tokens - cost.tokens };
  if ((more.requests === 0 && more.tokens === 0) || !lockWaiting(table)) return;
  if (ofShare(table, share, SHARE.generation) === generation) {
    chargeShare(table, share, more);
  }
  unlockWaiting(table);
}

/** Ends a ticket that is not served: its caller left, or its patience ended. False when it is locked: try again. */
export function leave(table: WaitingTable, id: TicketId): boolean {
  if (!lockWaiting(table)) return false;
  const slot = slotOfTicket(table, id, TICKET_STATE.waiting);
  if (slot !== 0) takeOut(table, slot, TICKET_STATE.free);
  const lost = slotOfTicket(table, id, TICKET_STATE.displaced);
  if (lost !== 0) freeTicket(table, lost);
  unlockWaiting(table);
  return true;
}

/** Whether a ticket still waits; `displaced` asks its owner to refuse the call and to `leave`. Read without the lock. */
export function ticketState(table: WaitingTable, id: TicketId): 'waiting' | 'displaced' | 'gone' {
  if (slotOfTicket(table, id, TICKET_STATE.waiting) !== 0) return 'waiting';
  return slotOfTicket(table, id, TICKET_STATE.displaced) === 0 ? 'gone' : 'displaced';
}

/** Takes a place from the tenant that holds most for its weight, if that is not the newcomer. Returns the worker that loses it. */
function displaceFor(table: WaitingTable, pool: number, newcomer: number): number {
  let most = 0;
  let mostRatio = DISPLACING_RATIO * ratioOf(table, newcomer, 1);
  for (let group = firstChild(table, pool); group !== 0; group = nextSibling(table, group)) {
    for (let tenant = firstChild(table, group); tenant !== 0; tenant = nextSibling(table, tenant)) {
      const ratio = ratioOf(table, tenant, 0);
      if (tenant === newcomer || ratio <= mostRatio) continue;
      most = tenant;
      mostRatio = ratio;
    }
  }
  const slot = most === 0 ? 0 : lastTicketIn(table, most);
  if (slot === 0) return 0;
  const worker = ofTicket(table, slot, TICKET.worker);
  takeOut(table, slot, TICKET_STATE.displaced);
  return worker;
}

const firstChild = (table: WaitingTable, share: number): number =>
  ofShare(table, share, SHARE.firstChild);
const nextSibling = (table: WaitingTable, share: number): number =>
  ofShare(table, share, SHARE.nextSibling);

const ratioOf = (table: WaitingTable, tenant: number, more: number): number =>
  (ofShare(table, tenant, SHARE.waiting) + more) / ofShare(table, tenant, SHARE.weight);

/** The latest ticket of the fullest leaf below a share. */
function lastTicketIn(table: WaitingTable, tenant: number): number {
  let share = tenant;
  for (;;) {
    let fullest = 0;
    for (let child = firstChild(table, share); child !== 0; child = nextSibling(table, child)) {
      if (fullest === 0 || ratioOf(table, child, 0) > ratioOf(table, fullest, 0)) fullest = child;
    }
    if (fullest === 0) return ofShare(table, share, SHARE.lastTicket);
    share = fullest;
  }
}

function describe(table: WaitingTable, slot: number, kept: readonly Earmark[]): NextTicket {
  return {
    id: idOfSlot(table, slot),
    worker: ofTicket(table, slot, TICKET.worker),
    tokens: ofTicket(table, slot, TICKET.tokens),
    called: ofTicket(table, slot, TICKET.calledAt) > 0,
    kept,
  };
}

/** For whom refill is put aside, as the ticket sees it that is to be served. */
function keptIn(table: WaitingTable, pool: number, by: number): readonly Earmark[] {
  let kept = firstKept(table, pool);
  if (kept === 0) return NOTHING_KEPT;
  const marks: Earmark[] = [];
  for (; kept !== 0; kept = nextKept(table, kept)) {
    if (kept === by) continue;
    marks.push({
      candidate: ofTicket(table, kept, TICKET.keptAt) - 1,
      from: ofTicket(table, kept, TICKET.keptFrom),
      tokens: ofTicket(table, kept, TICKET.tokens),
    });
  }
  return marks;
}
