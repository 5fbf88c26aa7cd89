import {
  acquireLock,
  lockWordOf,
  releaseLock,
  releaseLockOf,
  type TableWriter,
} from '../limits/record-lock.ts';
import {
  COUNT,
  HEAD,
  INTS_PER_WRITER,
  JOURNAL_ENTRIES,
  LAYOUT_VERSION,
  MAGIC,
  NODE_SHARES,
  NODE_TICKETS,
  placeWaiting,
  SHARE,
  TICKET,
  WRITER,
  type WaitingCounts,
  type WaitingPlaces,
} from './waiting-layout.ts';

/** One thread's handle on the waiting table: views, places, and this writer's identity. All state is in the buffer. */
export interface WaitingTable {
  readonly buffer: ArrayBuffer | SharedArrayBuffer;
  readonly counts: WaitingCounts;
  readonly places: WaitingPlaces;
  readonly ints: Int32Array;
  readonly cells: Float64Array;
  readonly worker: number;
  readonly lockWord: number;
  readonly journalCount: number;
  readonly journalEntries: number;
  readonly journalValues: number;
}

/** Bytes of a table; `writers` counts the main thread too. */
export function waitingBytes(writers: number, size: Partial<WaitingCounts> = {}): number {
  return placeWaiting(countsOf(writers, size)).bytes;
}

/** Writes the header of an empty table into zeroed memory of `waitingBytes`. */
export function initWaitingTable(
  buffer: ArrayBuffer | SharedArrayBuffer,
  writers: number,
  size: Partial<WaitingCounts> = {},
): void {
  const counts = countsOf(writers, size);
  if (buffer.byteLength !== placeWaiting(counts).bytes) {
    throw new RangeError('The buffer has not the size of this waiting table.');
  }
  const header = new Int32Array(buffer, 0, HEAD.cells);
  header[HEAD.layout] = LAYOUT_VERSION;
  header[HEAD.writers] = counts.writers;
  header[HEAD.tickets] = counts.tickets;
  header[HEAD.shares] = counts.shares;
  Atomics.store(header, HEAD.magic, MAGIC);
}

/** Opens the table for one writer: worker 0 is the main thread. Throws when the buffer is none, or has no row for the worker. */
export function openWaitingTable(
  buffer: ArrayBuffer | SharedArrayBuffer,
  writer: TableWriter,
): WaitingTable {
  const header = new Int32Array(buffer, 0, HEAD.cells);
  const counts = {
    writers: header[HEAD.writers] ?? 0,
    tickets: header[HEAD.tickets] ?? 0,
    shares: header[HEAD.shares] ?? 0,
  };
  const known =
    Atomics.load(header, HEAD.magic) === MAGIC && header[HEAD.layout] === LAYOUT_VERSION;
  if (!known) throw new Error('The buffer is not a waiting table.');
  if (writer.worker >= counts.writers) {
    throw new RangeError(`The waiting table has no row for worker ${writer.worker}.`);
  }
  const places = placeWaiting(counts);
  const row = HEAD.cells + writer.worker * INTS_PER_WRITER;
  return {
    buffer,
    counts,
    places,
    ints: new Int32Array(buffer, 0, places.ints),
    cells: new Float64Array(buffer, places.ints * Int32Array.BYTES_PER_ELEMENT),
    worker: writer.worker,
    lockWord: lockWordOf(writer),
    journalCount: row + WRITER.journalCount,
    journalEntries: row + WRITER.entries,
    journalValues: places.journals + writer.worker * JOURNAL_ENTRIES,
  };
}

/** Takes the table's one lock, or gives up after about 1 ms. */
export function lockWaiting(table: WaitingTable): boolean {
  return acquireLock(table.ints, HEAD.lock, table.lockWord);
}

/** Makes everything written since `lockWaiting`, or the last commit, final. */
export function commitWaiting(table: WaitingTable): void {
  Atomics.store(table.ints, table.journalCount, 0);
}

export function unlockWaiting(table: WaitingTable): void {
  commitWaiting(table);
  releaseLock(table.ints, HEAD.lock, table.lockWord);
}

/** Writes one cell under the lock; its old value goes to the journal first, so that a death at any point is undone. */
export function put(table: WaitingTable, cell: number, value: number): void {
  const { ints, cells, journalCount } = table;
  const count = ints[journalCount] ?? 0;
  ints[table.journalEntries + count] = cell;
  cells[table.journalValues + count] = cells[cell] ?? 0;
  Atomics.store(ints, journalCount, count + 1);
  cells[cell] = value;
}

export function read(table: WaitingTable, cell: number): number {
  return table.cells[cell] ?? 0;
}

export const shareCell = (table: WaitingTable, share: number, of: number): number =>
  table.places.shares + share * SHARE.cells + of;

export const ticketCell = (table: WaitingTable, ticket: number, of: number): number =>
  table.places.tickets + ticket * TICKET.cells + of;

/** Reads one cell of a share. */
export const ofShare = (table: WaitingTable, share: number, of: number): number =>
  read(table, shareCell(table, share, of));

/** Reads one cell of a ticket. */
export const ofTicket = (table: WaitingTable, ticket: number, of: number): number =>
  read(table, ticketCell(table, ticket, of));

/** Tickets that wait on the whole node. Read without the lock: for the one question whether anybody waits at all. */
export const waitingOnNode = (table: WaitingTable): number => read(table, COUNT.waiting);

/** Tickets of one worker that wait. Read without the lock. */
export const waitingOfWorker = (table: WaitingTable, worker: number): number =>
  read(table, table.places.perWriter + worker);

/** Int32 cell of a worker's doorbell: 1 while it is rung and has not answered. */
export const bellCell = (worker: number): number =>
  HEAD.cells + worker * INTS_PER_WRITER + WRITER.bell;

/** Rings a worker's doorbell; true when it was silent before. Whoever waits on the cell wakes up. */
export function ringBell(table: WaitingTable, worker: number): boolean {
  const cell = bellCell(worker);
  if (Atomics.exchange(table.ints, cell, 1) === 1) return false;
  Atomics.notify(table.ints, cell, 1);
  return true;
}

/** Answers this worker's doorbell: true when it was rung. To be asked before the tickets are looked at, so that no ring is lost. */
export function answerBell(table: WaitingTable): boolean {
  return Atomics.exchange(table.ints, bellCell(table.worker), 0) === 1;
}

/** Rings every other worker of which somebody waits. */
export function ringOthers(table: WaitingTable): void {
  for (let worker = 1; worker < table.counts.writers; worker += 1) {
    if (worker !== table.worker && waitingOfWorker(table, worker) > 0) ringBell(table, worker);
  }
}

/** Undoes what a dead worker had begun to write, and releases the lock if it held it. Returns whether it did. */
export function undoWaitingOf(table: WaitingTable, worker: number): boolean {
  const { ints, cells, places } = table;
  const row = HEAD.cells + worker * INTS_PER_WRITER;
  const values = places.journals + worker * JOURNAL_ENTRIES;
  const count = Atomics.load(ints, row + WRITER.journalCount);
  for (let entry = count - 1; entry >= 0; entry -= 1) {
    cells[ints[row + WRITER.entries + entry] ?? 0] = cells[values + entry] ?? 0;
  }
  Atomics.store(ints, row + WRITER.journalCount, 0);
  return releaseLockOf(ints, HEAD.lock, worker);
}

function countsOf(writers: number, size: Partial<WaitingCounts>): WaitingCounts {
  return { writers, tickets: size.tickets ?? NODE_TICKETS, shares: size.shares ?? NODE_SHARES };
}
