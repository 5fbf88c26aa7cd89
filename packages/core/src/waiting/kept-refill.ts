import { poolAbove } from './share-tree.ts';
import { SHARE, TICKET } from './waiting-layout.ts';
import {
  ofShare,
  ofTicket,
  put,
  shareCell,
  ticketCell,
  type WaitingTable,
} from './waiting-table.ts';

/**
 * Tickets that were found not to fit and for which what comes back to one quota domain is put aside, at most one ticket a domain. It holds
 * as long as what was found holds: until time or an attempt's end brings something back, then it is found anew. Everything here is called
 * under the table's lock.
 */

/** Most of a pool that are looked after at the same time: each look at a ticket goes through them. */
const MOST_KEPT = 16;

/** Where and from when on a ticket fits, if nobody takes what comes back there. */
export interface KeptPlace {
  /** Place of the candidate in the plan. */
  readonly candidate: number;
  readonly from: number;
}

/** Puts refill aside for a ticket, unless that was done; false where too many are looked after already. */
export function keepFor(
  table: WaitingTable,
  pool: number,
  slot: number,
  place: KeptPlace,
): boolean {
  if (ofTicket(table, slot, TICKET.keptAt) !== 0) return true;
  let count = 0;
  for (let kept = firstKept(table, pool); kept !== 0; kept = nextKept(table, kept)) count += 1;
  if (count >= MOST_KEPT) return false;
  put(table, ticketCell(table, slot, TICKET.keptAt), 1 + place.candidate);
  put(table, ticketCell(table, slot, TICKET.keptFrom), place.from);
  put(table, ticketCell(table, slot, TICKET.nextKept), firstKept(table, pool));
  put(table, shareCell(table, pool, SHARE.firstKept), slot);
  return true;
}

/** Nothing is put aside for a ticket any more. */
export function dropKept(table: WaitingTable, slot: number): void {
  if (ofTicket(table, slot, TICKET.keptAt) === 0) return;
  let link = shareCell(
    table,
    poolAbove(table, ofTicket(table, slot, TICKET.share)),
    SHARE.firstKept,
  );
  for (
    let kept = table.cells[link] ?? 0;
    kept !== 0 && kept !== slot;
    kept = nextKept(table, kept)
  ) {
    link = ticketCell(table, kept, TICKET.nextKept);
  }
  put(table, link, nextKept(table, slot));
  put(table, ticketCell(table, slot, TICKET.keptAt), 0);
}

/** Nothing is put aside for anybody in a pool any more. */
export function dropAllKept(table: WaitingTable, pool: number): void {
  let kept = firstKept(table, pool);
  if (kept === 0) return;
  put(table, shareCell(table, pool, SHARE.firstKept), 0);
  for (; kept !== 0; kept = nextKept(table, kept)) {
    put(table, ticketCell(table, kept, TICKET.keptAt), 0);
  }
}

export const firstKept = (table: WaitingTable, pool: number): number =>
  ofShare(table, pool, SHARE.firstKept);
export const nextKept = (table: WaitingTable, slot: number): number =>
  ofTicket(table, slot, TICKET.nextKept);
