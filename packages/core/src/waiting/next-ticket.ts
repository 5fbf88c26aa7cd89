import { SHARE, TICKET } from './waiting-layout.ts';
import { ofShare, ofTicket, type WaitingTable } from './waiting-table.ts';

/** How a ticket is looked for. */
export interface Look {
  /** Whether classes go by their rank in this turn, or by shares like everybody else. */
  readonly byRank: boolean;
  /** Only tickets that need fewer tokens. */
  readonly smallerThan: number;
  /** Tickets that were put off to a later instant are passed. */
  readonly now: number;
  /** Who looks: its own tickets are never passed over. */
  readonly worker: number;
  /** Others' tickets that were called before this instant and not taken are passed. */
  readonly calledBefore: number;
  /** Tickets for which refill is put aside are passed: they were tried, and what was found holds. */
  readonly passKept: boolean;
}

/**
 * The ticket to be served next below a share, 0 when none fits the look: the child that was served least for its weight and has one, and
 * in a leaf the earliest turn. Called under the table's lock.
 */
export function nextIn(table: WaitingTable, share: number, look: Look): number {
  let child = ofShare(table, share, SHARE.firstChild);
  if (child === 0) return firstFitting(table, share, look);
  let best = 0;
  let ticket = 0;
  for (; child !== 0; child = ofShare(table, child, SHARE.nextSibling)) {
    if (ofShare(table, child, SHARE.waiting) === 0) continue;
    if (best !== 0 && !goesBefore(table, child, best, look.byRank)) continue;
    const found = nextIn(table, child, look);
    if (found === 0) continue;
    best = child;
    ticket = found;
  }
  return ticket;
}

function goesBefore(table: WaitingTable, one: number, other: number, byRank: boolean): boolean {
  if (byRank) {
    const difference = ofShare(table, one, SHARE.rank) - ofShare(table, other, SHARE.rank);
    if (difference !== 0) return difference > 0;
  }
  return ofShare(table, one, SHARE.served) < ofShare(table, other, SHARE.served);
}

function firstFitting(table: WaitingTable, leaf: number, look: Look): number {
  let slot = ofShare(table, leaf, SHARE.firstTicket);
  for (; slot !== 0; slot = ofTicket(table, slot, TICKET.next)) {
    if (ofTicket(table, slot, TICKET.tokens) >= look.smallerThan) continue;
    if (look.passKept && ofTicket(table, slot, TICKET.keptAt) !== 0) continue;
    const calledAt = ofTicket(table, slot, TICKET.calledAt);
    const left = calledAt > 0 && calledAt < look.calledBefore;
    if (left && ofTicket(table, slot, TICKET.worker) !== look.worker) continue;
    if (ofTicket(table, slot, TICKET.notBefore) <= look.now) return slot;
  }
  return 0;
}
