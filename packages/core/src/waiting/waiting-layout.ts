/**
 * Where everything lies in the waiting table: one lock, a doorbell and a journal for each worker, then Float64 cells: counts, shares,
 * tickets. It is one table for the node's life, whatever snapshots come and go: pools and consumers are known in it by a hash of their
 * names. Slot 0 of shares and tickets stands for nobody, so that zeroed memory is an empty table.
 */

/** Int32 cells before the writers' rows. The lock has a cache line of its own. */
export const HEAD = Object.freeze({
  lock: 0,
  magic: 16,
  layout: 17,
  writers: 18,
  tickets: 19,
  shares: 20,
  cells: 32,
});

export const MAGIC = 0x4b57_5741;
export const LAYOUT_VERSION = 3;

/** Most cells one transaction writes: a new ticket on a new share under others, with every sum above it. */
export const JOURNAL_ENTRIES = 512;

/** Int32 cells of a writer's row: its doorbell and its journal's count, a cache line each, then the journal's entries. */
export const WRITER = Object.freeze({ bell: 0, journalCount: 16, entries: 32 });
export const INTS_PER_WRITER = WRITER.entries + JOURNAL_ENTRIES;

/** Float64 cells before the writers' counts of waiting tickets. */
export const COUNT = Object.freeze({
  /** Tickets that wait, on the whole node. */
  waiting: 0,
  /** Slots that were ever used, and the first of those that are free again. */
  ticketsUsed: 1,
  freeTicket: 2,
  sharesUsed: 3,
  freeShare: 4,
  /** Generations of slots: a handle that left the table names the user of the slot that it meant. */
  generation: 5,
  /** Grows whenever capacity may have come back: what was found not to fit before says nothing then. */
  room: 6,
  cells: 8,
});

/** Heads of the chains by which a share is found. */
export const BUCKETS = 4096;

/** Float64 cells of one share: a pool, a class of a pool, an organization, a team or a consumer. */
export const SHARE = Object.freeze({
  key: 0,
  generation: 1,
  parent: 2,
  firstChild: 3,
  nextSibling: 4,
  previousSibling: 5,
  /** Next in the chain of the bucket; next free slot while the slot is free. */
  chain: 6,
  weight: 7,
  /** The class's rank; 0 elsewhere. */
  rank: 8,
  /** Virtual time: what was served to it ÷ its weight. */
  served: 9,
  /** Virtual time of its children: where the latest of them to be served began. Who was idle starts here. */
  floor: 10,
  /** Tickets that wait in it and below it, what they cost and how many tokens they need. */
  waiting: 11,
  waitingCost: 12,
  waitingTokens: 13,
  firstTicket: 14,
  lastTicket: 15,
  /** Of a pool: tickets served so far, and the last ticket for which refill was put aside. */
  turns: 16,
  firstKept: 17,
  /** End of the window that `used` is about, and what it used of it, as a part of the whole. */
  windowEndsAt: 18,
  used: 19,
  /** Peak demand, parts of a window per millisecond, and the burst it is measured by. */
  peak: 20,
  burstAt: 21,
  burst: 22,
  seenAt: 23,
  /** Of a pool: tickets of so many tokens were found not to fit, until when that holds, and the count of room it was found at. */
  tooLarge: 24,
  tooLargeUntil: 25,
  tooLargeRoom: 26,
  /** How much more of requests than of tokens it was served, in requests. */
  ahead: 27,
  cells: 28,
});

/** Float64 cells of one ticket. */
export const TICKET = Object.freeze({
  state: 0,
  generation: 1,
  worker: 2,
  share: 3,
  /** Monotonic instant that orders it in its share. */
  turnAt: 4,
  /** What it takes of the pool's tokens, in requests; of requests it takes one. */
  tokenCost: 5,
  tokens: 6,
  enqueuedAt: 7,
  /** When its worker was rung because it is its turn; 0 before. */
  calledAt: 8,
  previous: 9,
  /** Next in its share; next free slot while the slot is free. */
  next: 10,
  /** Instant before which it is passed, for a reason of its own. */
  notBefore: 11,
  /** Where refill is put aside for it: 1 + the candidate's place, 0 nowhere; from when on it fits there; the next such ticket of its pool. */
  keptAt: 12,
  keptFrom: 13,
  nextKept: 14,
  cells: 15,
});

export const TICKET_STATE = Object.freeze({ free: 0, waiting: 1, displaced: 2 });

/** How much a table holds. */
export interface WaitingCounts {
  /** The main thread and the workers. */
  readonly writers: number;
  readonly tickets: number;
  readonly shares: number;
}

/** First Float64 cells of every section. */
export interface WaitingPlaces {
  readonly perWriter: number;
  readonly buckets: number;
  readonly shares: number;
  readonly tickets: number;
  readonly journals: number;
  readonly ints: number;
  readonly bytes: number;
}

/** What a node keeps: callers that wait at once, and organizations, teams and consumers that compete at once. */
export const NODE_TICKETS = 16_384;
export const NODE_SHARES = 16_384;

export function placeWaiting({ writers, tickets, shares }: WaitingCounts): WaitingPlaces {
  const intCells = HEAD.cells + writers * INTS_PER_WRITER;
  const perWriter = COUNT.cells;
  const buckets = perWriter + writers;
  const firstShare = buckets + BUCKETS;
  const firstTicket = firstShare + (shares + 1) * SHARE.cells;
  const journals = firstTicket + (tickets + 1) * TICKET.cells;
  const cells = journals + writers * JOURNAL_ENTRIES;
  return {
    perWriter,
    buckets,
    shares: firstShare,
    tickets: firstTicket,
    journals,
    ints: intCells,
    bytes: intCells * Int32Array.BYTES_PER_ELEMENT + cells * Float64Array.BYTES_PER_ELEMENT,
  };
}
