import { freeTicket, takeOut } from './tickets.ts';
import { COUNT, TICKET, TICKET_STATE } from './waiting-layout.ts';
import {
  commitWaiting,
  lockWaiting,
  ofTicket,
  openWaitingTable,
  read,
  ringOthers,
  undoWaitingOf,
  unlockWaiting,
  type WaitingTable,
} from './waiting-table.ts';

/** How often the lock is tried, about 1 ms each time, before recovering gives up on it. */
const PATIENT_TRIES = 1000;

/** What a dead worker left in the queue. */
export interface WaitingRecovery {
  readonly lockReleased: boolean;
  readonly ticketsEnded: number;
}

/**
 * Puts the queue in order after a worker's thread has ended: undoes what it had begun to write, releases the lock, ends its tickets and
 * rings the others, whose turn it may be now. Only on the main thread, after the worker's exit and before its successor starts.
 */
export function recoverWaiting(
  buffer: ArrayBuffer | SharedArrayBuffer,
  worker: number,
): WaitingRecovery {
  const table = openWaitingTable(buffer, { worker: 0, epoch: 0 });
  const lockReleased = undoWaitingOf(table, worker);
  for (let turn = 0; turn < PATIENT_TRIES; turn += 1) {
    if (!lockWaiting(table)) continue;
    const ticketsEnded = endTicketsOf(table, worker);
    unlockWaiting(table);
    ringOthers(table);
    return { lockReleased, ticketsEnded };
  }
  throw new Error('The waiting table stays locked.');
}

function endTicketsOf(table: WaitingTable, worker: number): number {
  let ended = 0;
  const last = read(table, COUNT.ticketsUsed);
  for (let slot = 1; slot <= last; slot += 1) {
    if (ofTicket(table, slot, TICKET.worker) !== worker) continue;
    const state = ofTicket(table, slot, TICKET.state);
    if (state === TICKET_STATE.free) continue;
    if (state === TICKET_STATE.waiting) takeOut(table, slot, TICKET_STATE.free);
    else freeTicket(table, slot);
    // Each ticket is a transaction of its own: the journal holds only so much.
    commitWaiting(table);
    ended += 1;
  }
  return ended;
}
