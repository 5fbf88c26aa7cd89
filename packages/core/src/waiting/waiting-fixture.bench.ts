import { dominantOf, type CallCost } from './call-cost.ts';
import { costOf } from './tickets.ts';
import { firstKept, nextKept } from './kept-refill.ts';
import type { ShareSeat } from './share-seat.ts';
import { seatOf } from './share-seat.ts';
import { COUNT, SHARE, TICKET, TICKET_STATE } from './waiting-layout.ts';
import {
  initWaitingTable,
  ofShare,
  ofTicket,
  openWaitingTable,
  read,
  waitingBytes,
  type WaitingTable,
} from './waiting-table.ts';

interface SmallSize {
  readonly tickets?: number;
  readonly shares?: number;
  readonly writers?: number;
}

/** A table on plain memory, small enough that its ends are met. */
export function smallTable(size: SmallSize = {}): WaitingTable {
  const [table] = smallTables(1, size);
  if (table === undefined) throw new Error('no table');
  return table;
}

/** The handles of so many workers on one such table. */
export function smallTables(workers: number, size: SmallSize = {}): readonly WaitingTable[] {
  const writers = size.writers ?? workers + 2;
  const counts = { tickets: size.tickets ?? 200, shares: size.shares ?? 100 };
  const buffer = new ArrayBuffer(waitingBytes(writers, counts));
  initWaitingTable(buffer, writers, counts);
  return Array.from({ length: workers }, (_, at) =>
    openWaitingTable(buffer, { worker: at + 1, epoch: 1 }),
  );
}

export function aSeat(
  path: readonly string[],
  more: { readonly weight?: number; readonly priority?: number; readonly pool?: string } = {},
): ShareSeat {
  return seatOf(more.pool ?? 'chat', {
    sharePath: path,
    weight: more.weight ?? 1,
    priority: more.priority ?? 0,
  });
}

/**
 * What does not add up in a table: sums of shares against their tickets, lists against their links, counts against both. Empty when all
 * is well.
 */
export function faultsOf(table: WaitingTable): string[] {
  const byWorker = Array.from({ length: table.counts.writers }, () => 0);
  const byShare = new Map<number, { count: number; cost: number }>();
  for (let slot = 1; slot <= table.counts.tickets; slot += 1) {
    if (ofTicket(table, slot, TICKET.state) !== TICKET_STATE.waiting) continue;
    const worker = ofTicket(table, slot, TICKET.worker);
    byWorker[worker] = (byWorker[worker] ?? 0) + 1;
    let share = ofTicket(table, slot, TICKET.share);
    for (; share !== 0; share = ofShare(table, share, SHARE.parent)) {
      const sums = byShare.get(share) ?? { count: 0, cost: 0 };
      sums.count += 1;
      sums.cost += dominantOf(costOf(table, slot));
      byShare.set(share, sums);
    }
  }
  const faults = byWorker.flatMap((count, worker) =>
    read(table, table.places.perWriter + worker) === count ? [] : [`worker ${worker}`],
  );
  const waiting = byWorker.reduce((sum, count) => sum + count, 0);
  if (read(table, COUNT.waiting) !== waiting) faults.push('tickets on the node');
  for (let share = 1; share <= table.counts.shares; share += 1) {
    const sums = byShare.get(share) ?? { count: 0, cost: 0 };
    if (ofShare(table, share, SHARE.key) !== 0) faults.push(...faultsOfShare(table, share, sums));
  }
  if (keptByLists(table) !== keptByTickets(table)) faults.push('tickets with refill put aside');
  return faults;
}

function keptByTickets(table: WaitingTable): number {
  let count = 0;
  for (let slot = 1; slot <= table.counts.tickets; slot += 1) {
    const waits = ofTicket(table, slot, TICKET.state) === TICKET_STATE.waiting;
    if (waits && ofTicket(table, slot, TICKET.keptAt) !== 0) count += 1;
  }
  return count;
}

/** Tickets in the pools' lists of those with refill put aside; NaN where one does not belong there. */
function keptByLists(table: WaitingTable): number {
  let count = 0;
  for (let share = 1; share <= table.counts.shares; share += 1) {
    if (ofShare(table, share, SHARE.key) === 0) continue;
    for (let slot = firstKept(table, share); slot !== 0; slot = nextKept(table, slot)) {
      const waits = ofTicket(table, slot, TICKET.state) === TICKET_STATE.waiting;
      if (!waits || ofTicket(table, slot, TICKET.keptAt) === 0 || count > table.counts.tickets) {
        return Number.NaN;
      }
      count += 1;
    }
  }
  return count;
}

function faultsOfShare(
  table: WaitingTable,
  share: number,
  sums: { readonly count: number; readonly cost: number },
): string[] {
  const isLeaf = ofShare(table, share, SHARE.firstChild) === 0;
  const drift = Math.abs(ofShare(table, share, SHARE.waitingCost) - sums.cost);
  return [
    ...(ofShare(table, share, SHARE.waiting) === sums.count ? [] : [`count of ${share}`]),
    ...(drift < 1e-6 ? [] : [`cost of ${share}`]),
    ...(!isLeaf || listLength(table, share) === sums.count ? [] : [`list of ${share}`]),
  ];
}

function listLength(table: WaitingTable, share: number): number {
  let length = 0;
  let before = 0;
  let slot = ofShare(table, share, SHARE.firstTicket);
  for (; slot !== 0; slot = ofTicket(table, slot, TICKET.next)) {
    if (ofTicket(table, slot, TICKET.previous) !== before) return -1;
    before = slot;
    length += 1;
    if (length > table.counts.tickets) return -1;
  }
  return ofShare(table, share, SHARE.lastTicket) === before ? length : -1;
}

/** What a call takes that takes more of the pool's tokens than of its requests, or as much. */
export const costs = (tokens: number): CallCost => ({ requests: 1, tokens });
