import { nextIn, type Look } from './next-ticket.ts';
import type { ShareSeat } from './share-seat.ts';
import { chargeShare, poolShare, raiseFloors, takeSeat, tenantOf } from './share-tree.ts';
import {
  freeTicket,
  idOfSlot,
  makeTicket,
  slotOfTicket,
  takeOut,
  type TicketId,
  type TicketTerms,
} from './tickets.ts';
import { SHARE, TICKET, TICKET_STATE } from './waiting-layout.ts';
import {
  lockWaiting,
  ofShare,
  ofTicket,
  put,
  ringBell,
  shareCell,
  ticketCell,
  unlockWaiting,
  waitingOnNode,
  type WaitingTable,
} from './waiting-table.ts';

/**
 * The queue of calls that wait for capacity, one order for the whole node: earliest deadline first inside fair shares. A ticket is in the
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
  readonly cost: number;
}

/** A ticket that is to be served next. */
export interface NextTicket {
  readonly id: TicketId;
  /** The worker that owns it. */
  readonly worker: number;
  readonly tokens: number;
  readonly deadlineAt: number;
  /** Whether it is the first in the order, and not one that passes others. */
  readonly first: boolean;
  /** Whether its worker was rung for it: then that worker answers by `serve` or `answerCall`. */
  readonly called: boolean;
}

const NO_TICKETS: ReadonlySet<TicketId> = new Set();

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
    }
  }
  const id = slot === 0 ? 0 : idOfSlot(table, slot);
  unlockWaiting(table);
  if (displaced !== 0) ringBell(table, displaced);
  return id === 0 ? 'full' : id;
}

/**
 * The ticket whose turn it is in a pool: shares by virtual time, then the earliest deadline. `smallerThan` looks past tickets that need
 * as many tokens or more, because one of that size was just found not to fit; `skip` past single ones that cannot go for a reason of their
 * own. A ticket whose worker was rung a while ago and does not come is passed. Null when there is none, `busy` when the table is locked.
 */
export function nextTicket(
  table: WaitingTable,
  pool: number,
  look: {
    readonly now: number;
    readonly smallerThan?: number;
    readonly skip?: ReadonlySet<TicketId>;
  },
): NextTicket | null | 'busy' {
  if (!lockWaiting(table)) return 'busy';
  const share = poolShare(table, pool);
  let found: NextTicket | null = null;
  if (share !== 0 && ofShare(table, share, SHARE.waiting) > 0) {
    const terms: Look = {
      byRank: (ofShare(table, share, SHARE.turns) + 1) % TURNS !== 0,
      smallerThan: look.smallerThan ?? Infinity,
      skip: look.skip ?? NO_TICKETS,
      worker: table.worker,
      calledBefore: look.now - CALL_GRACE_MS,
    };
    const slot = nextIn(table, share, terms);
    const first = terms.smallerThan === Infinity && terms.skip.size === 0;
    if (slot !== 0) found = describe(table, slot, first);
  }
  unlockWaiting(table);
  return found;
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
    const cost = ofTicket(table, slot, TICKET.cost);
    served = { share: leaf, generation: ofShare(table, leaf, SHARE.generation), cost };
    const pool = poolOf(table, leaf);
    raiseFloors(table, leaf);
    chargeShare(table, leaf, cost);
    put(table, shareCell(table, pool, SHARE.turns), ofShare(table, pool, SHARE.turns) + 1);
    noteOvertaking(table, pool, slot);
    takeOut(table, slot, TICKET_STATE.free);
  }
  unlockWaiting(table);
  return served;
}

/** Corrects what a share was charged once it is known what the call took. */
export function correct(table: WaitingTable, served: Served, cost: number): void {
  if (cost === served.cost || !lockWaiting(table)) return;
  if (ofShare(table, served.share, SHARE.generation) === served.generation) {
    chargeShare(table, served.share, cost - served.cost);
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

/** The head for which refill is put aside, as `earmark` set it. */
export interface Earmark {
  readonly id: TicketId;
  /** Place of the quota domain in which it is put aside. */
  readonly domain: number;
}

/**
 * Lets the first ticket of a pool, which does not fit, be passed by smaller ones, but only by as many tokens as it needs itself: after
 * that the refill of one domain is put aside for it, and others go by other domains until it has gone. One ticket of a pool at a time
 * is looked after like this. Returns the mark in force, null while none is.
 */
export function earmark(
  table: WaitingTable,
  pool: number,
  head: { readonly id: TicketId; readonly domain: number },
): Earmark | null {
  if (!lockWaiting(table)) return null;
  const share = poolShare(table, pool);
  const known = share === 0 ? 0 : watchedTicket(table, share);
  if (share !== 0 && known === 0) {
    put(table, shareCell(table, share, SHARE.earmarkTicket), head.id);
    put(table, shareCell(table, share, SHARE.earmarkDomain), head.domain);
  }
  const mark = share === 0 ? null : earmarkOf(table, share);
  unlockWaiting(table);
  return mark;
}

/** The mark in force in a pool's share; one whose ticket has ended, or may still be passed, is none. */
function earmarkOf(table: WaitingTable, pool: number): Earmark | null {
  const slot = watchedTicket(table, pool);
  if (slot === 0) return null;
  const due = ofTicket(table, slot, TICKET.overtaken) >= ofTicket(table, slot, TICKET.tokens);
  const id = ofShare(table, pool, SHARE.earmarkTicket);
  return due ? { id, domain: ofShare(table, pool, SHARE.earmarkDomain) } : null;
}

/** Slot of the ticket that was found first and not to fit, while it waits. */
function watchedTicket(table: WaitingTable, pool: number): number {
  const id = ofShare(table, pool, SHARE.earmarkTicket);
  return id === 0 ? 0 : slotOfTicket(table, id, TICKET_STATE.waiting);
}

/** Counts what passes the ticket that is looked after. */
function noteOvertaking(table: WaitingTable, pool: number, by: number): void {
  const slot = watchedTicket(table, pool);
  if (slot === 0 || slot === by) return;
  const cell = ticketCell(table, slot, TICKET.overtaken);
  put(table, cell, ofTicket(table, slot, TICKET.overtaken) + ofTicket(table, by, TICKET.tokens));
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

function poolOf(table: WaitingTable, leaf: number): number {
  let share = leaf;
  for (;;) {
    const parent = ofShare(table, share, SHARE.parent);
    if (parent === 0) return share;
    share = parent;
  }
}

function describe(table: WaitingTable, slot: number, first: boolean): NextTicket {
  return {
    id: idOfSlot(table, slot),
    worker: ofTicket(table, slot, TICKET.worker),
    tokens: ofTicket(table, slot, TICKET.tokens),
    deadlineAt: ofTicket(table, slot, TICKET.deadlineAt),
    first,
    called: ofTicket(table, slot, TICKET.calledAt) > 0,
  };
}
