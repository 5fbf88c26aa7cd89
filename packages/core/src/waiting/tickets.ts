import { dominantOf, type CallCost } from './call-cost.ts';
import { COUNT, SHARE, TICKET, TICKET_STATE } from './waiting-layout.ts';
import { dropKept } from './kept-refill.ts';
import { addWaiting } from './share-tree.ts';
import {
  ofShare,
  ofTicket,
  put,
  read,
  shareCell,
  ticketCell,
  type WaitingTable,
} from './waiting-table.ts';

/**
 * Tickets as a table's slots: taken, put into their share in the order of their turns, taken out, freed. Everything here is called
 * under the table's lock.
 */

/** A ticket's name outside the table: its slot and the generation of the slot's user, in one exact number. 0 is none. */
export type TicketId = number;

const SLOTS = 2 ** 16;

/** The name of the ticket that uses a slot now. */
export const idOfSlot = (table: WaitingTable, slot: number): TicketId =>
  ofTicket(table, slot, TICKET.generation) * SLOTS + slot;

/** The slot of a ticket in that state, 0 when it is another's by now or in another state. */
export function slotOfTicket(table: WaitingTable, id: TicketId, state: number): number {
  const slot = id % SLOTS;
  const same =
    slot > 0 &&
    slot <= table.counts.tickets &&
    ofTicket(table, slot, TICKET.generation) === Math.floor(id / SLOTS) &&
    ofTicket(table, slot, TICKET.state) === state;
  return same ? slot : 0;
}

/** What a new ticket says. */
export interface TicketTerms {
  /** Monotonic instant that orders it among its consumer's: the earliest first. See `turnOf`. */
  readonly turnAt: number;
  /** What it takes of the pool, in the unit in which shares are kept. */
  readonly cost: CallCost;
  /** What must fit at once: a ticket that does not fit lets smaller ones pass. */
  readonly tokens: number;
}

/** What a ticket's call takes of the pool. */
export const costOf = (table: WaitingTable, slot: number): CallCost => ({
  requests: 1,
  tokens: ofTicket(table, slot, TICKET.tokenCost),
});

/** Makes a ticket in a leaf share; 0 when every slot is taken. */
export function makeTicket(
  table: WaitingTable,
  leaf: number,
  terms: TicketTerms,
  now: number,
): number {
  const slot = freeTicketSlot(table);
  if (slot === 0) return 0;
  const generation = read(table, COUNT.generation) + 1;
  put(table, COUNT.generation, generation);
  const set = (of: number, value: number): void => put(table, ticketCell(table, slot, of), value);
  set(TICKET.state, TICKET_STATE.waiting);
  set(TICKET.generation, generation);
  set(TICKET.worker, table.worker);
  set(TICKET.share, leaf);
  set(TICKET.turnAt, terms.turnAt);
  set(TICKET.tokenCost, terms.cost.tokens);
  set(TICKET.tokens, terms.tokens);
  set(TICKET.enqueuedAt, now);
  set(TICKET.calledAt, 0);
  set(TICKET.notBefore, 0);
  set(TICKET.keptAt, 0);
  linkByTurn(table, leaf, slot);
  addWaiting(table, leaf, { tickets: 1, cost: dominantOf(terms.cost), tokens: terms.tokens });
  countTicket(table, table.worker, 1);
  return slot;
}

/** Takes a waiting ticket out of its share; its slot keeps it in the state given, or is freed. */
export function takeOut(table: WaitingTable, slot: number, state: number): void {
  const leaf = ofTicket(table, slot, TICKET.share);
  dropKept(table, slot);
  unlink(table, leaf, slot);
  addWaiting(table, leaf, {
    tickets: -1,
    cost: -dominantOf(costOf(table, slot)),
    tokens: -ofTicket(table, slot, TICKET.tokens),
  });
  countTicket(table, ofTicket(table, slot, TICKET.worker), -1);
  if (state === TICKET_STATE.free) freeTicket(table, slot);
  else put(table, ticketCell(table, slot, TICKET.state), state);
}

export function freeTicket(table: WaitingTable, slot: number): void {
  put(table, ticketCell(table, slot, TICKET.state), TICKET_STATE.free);
  put(table, ticketCell(table, slot, TICKET.generation), 0);
  put(table, ticketCell(table, slot, TICKET.next), read(table, COUNT.freeTicket));
  put(table, COUNT.freeTicket, slot);
}

function countTicket(table: WaitingTable, worker: number, by: number): void {
  put(table, COUNT.waiting, read(table, COUNT.waiting) + by);
  const cell = table.places.perWriter + worker;
  put(table, cell, read(table, cell) + by);
}

function freeTicketSlot(table: WaitingTable): number {
  const free = read(table, COUNT.freeTicket);
  if (free !== 0) {
    put(table, COUNT.freeTicket, ofTicket(table, free, TICKET.next));
    return free;
  }
  const used = read(table, COUNT.ticketsUsed);
  if (used >= table.counts.tickets) return 0;
  put(table, COUNT.ticketsUsed, used + 1);
  return used + 1;
}

/** Earliest turn first; who comes last is mostly among the last. */
function linkByTurn(table: WaitingTable, leaf: number, slot: number): void {
  const turnAt = ofTicket(table, slot, TICKET.turnAt);
  let before = ofShare(table, leaf, SHARE.lastTicket);
  while (before !== 0 && ofTicket(table, before, TICKET.turnAt) > turnAt) {
    before = ofTicket(table, before, TICKET.previous);
  }
  const first = ofShare(table, leaf, SHARE.firstTicket);
  const after = before === 0 ? first : ofTicket(table, before, TICKET.next);
  put(table, ticketCell(table, slot, TICKET.previous), before);
  put(table, ticketCell(table, slot, TICKET.next), after);
  setNext(table, leaf, before, slot);
  setPrevious(table, leaf, after, slot);
}

function unlink(table: WaitingTable, leaf: number, slot: number): void {
  const before = ofTicket(table, slot, TICKET.previous);
  const after = ofTicket(table, slot, TICKET.next);
  setNext(table, leaf, before, after);
  setPrevious(table, leaf, after, before);
}

function setNext(table: WaitingTable, leaf: number, ticket: number, next: number): void {
  const cell =
    ticket === 0
      ? shareCell(table, leaf, SHARE.firstTicket)
      : ticketCell(table, ticket, TICKET.next);
  put(table, cell, next);
}

function setPrevious(table: WaitingTable, leaf: number, ticket: number, previous: number): void {
  const cell =
    ticket === 0
      ? shareCell(table, leaf, SHARE.lastTicket)
      : ticketCell(table, ticket, TICKET.previous);
  put(table, cell, previous);
}
