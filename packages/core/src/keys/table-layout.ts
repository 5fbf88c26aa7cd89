import { LOCK_STRIDE } from '../limits/record-lock.ts';
import { MOST_SLOTS } from './cooldown-codes.ts';
import { QUANTITIES } from './quantity.ts';

/**
 * Where everything lies in the key table: Int32 cells first (header, locks, journals), Float64 cells behind them (state, then one row a
 * writer). Aligned Float64 cells are read and written whole on every machine Node runs on, so reading one without its lock is safe;
 * what belongs together is only written under the lock and through the journal.
 */

/** Int32 cells of the header. */
export const HEADER = Object.freeze({
  magic: 0,
  layout: 1,
  fingerprint: 2,
  writers: 3,
  generation: 4,
  /** Grows with every limit that changes noticeably. */
  limitsChanged: 5,
  /** The node-wide send sequence, on a cache line of its own. */
  sequenceLow: 16,
  sequenceHalf: 17,
  cells: 32,
});

export const MAGIC = 0x4b57_4b54;
export const LAYOUT_VERSION = 5;

/** Int32 cells between the locks of two nodes; those of endpoints and pools, which all workers take, have a cache line each. */
export const NODE_LOCK_STRIDE = 2;

/** Float64 cells of one cooldown. */
export const SLOT = Object.freeze({
  /** Monotonic milliseconds; 0 when the slot is empty. */
  endsAt: 0,
  /** Class, dimension, flags and strikes, see `packWhat`. */
  what: 1,
  /**
   * Whom it binds. While it stands: the smallest refused need, 0 for every request. Once it has ended: below zero, until when the one
   * attempt that looks whether it is over may take, see `probeUntilOf`; 0 for none.
   */
  bound: 2,
  /** Send sequence at which it was set: whatever was sent up to here belongs to the same event. */
  setSeq: 3,
  setAt: 4,
  /** The one attempt that looks whether it is over, by its send sequence; 0 for none. */
  probeSeq: 5,
  cells: 6,
});

/** Bits of a slot's flags. */
export const FLAG = Object.freeze({
  authoritative: 1,
  implausible: 2,
  /** Set aside while the provider itself is suspected: does not bind. */
  suspended: 4,
  /** After its end one attempt at a time may look whether it is over, until one succeeds. */
  halfOpen: 8,
});

/** Float64 cells of a key's counters: each attempt has ended, was abandoned by a worker that died, or is in flight. */
export const KEY_CELL = Object.freeze({
  attempts: 0,
  successes: 1,
  failures: 2,
  abandoned: 3,
  inFlight: 4,
  cells: 5,
});

/** Float64 cells of an endpoint. */
export const ENDPOINT_CELL = Object.freeze({
  /** Latest end of any cooldown of the provider: nothing needs a look before it. */
  coolingUntil: 0,
  /** Latest send sequence that was answered well. */
  successSeq: 1,
  /** The run of refused credentials: time of the last, domain root of the first (plus 1), send sequence of the first. */
  refusedAt: 2,
  refusedRoot: 3,
  refusedSeq: 4,
  /** When the refusals were judged to be the provider's own trouble; 0 when they are not. */
  incidentAt: 5,
  /** Instants a provider named that could not be. */
  implausible: 6,
  /** Failures that were too old to count. */
  stale: 7,
  /** Cooldowns of the provider after whose end one attempt at a time looks first. */
  halfOpen: 8,
  /** Latest end of any ramp of the provider. */
  rampUntil: 9,
  cells: 10,
});

/** Seconds of a breaker's window and of a retry budget's, one bucket more than they span. */
export const WINDOW_BUCKETS = 11;
/** Float64 cells of one bucket: the second it counts for, everything counted, and the part of it that the window is about. */
export const BUCKET = Object.freeze({ second: 0, all: 1, some: 2, cells: 3 });
export const WINDOW_CELLS = WINDOW_BUCKETS * BUCKET.cells;
/**
 * Float64 cells of one bucket of suspicions: the second it counts for, failures that nobody is known to be to blame for, and the
 * consumers that met them, as 64 bits in two halves.
 */
export const SUSPICION = Object.freeze({ second: 0, failures: 1, low: 2, high: 3, cells: 4 });
export const SUSPICION_CELLS = WINDOW_BUCKETS * SUSPICION.cells;

/** Float64 cells of a domain node: how much it runs at the same time, and what it was found to bear. */
export const NODE_CELL = Object.freeze({
  inFlight: 0,
  /** Attempts at the same time; 0 where nothing was refused for that yet. */
  cap: 1,
  capSince: 2,
  cells: 3,
});

/** Limits that are told apart for one limit group at one node. */
export const LIMIT_SLOTS = 5;

/** Float64 cells of one limit: one cache line. */
export const LIMIT = Object.freeze({
  /** Dimension and what is known of it, see limit-tag; 0 when the place is free. */
  tag: 0,
  limit: 1,
  /**
   * What was left at `at`, plus all the block had been charged by then: what is left later is this less what it has been charged by
   * then, plus what came back since. So charging an attempt touches no limit, only the block.
   */
  balance: 2,
  /** Comes back in a millisecond; 0 for windows. */
  rate: 3,
  /** When a window is whole again, or a continuous one would be; 0 where nobody said. */
  resetAt: 4,
  at: 5,
  /** Send sequence of the attempt that told it. */
  sentSeq: 6,
  /** What the provider said was left; -1 where it never did. */
  told: 7,
  cells: 8,
});

/**
 * Float64 cells of a learned limit. Where one is told or declared nothing is learned, so it lies where the second and later limits of
 * the block will, and may take as many cells as those.
 */
export const LEARNED = Object.freeze({
  /** Requests in any 60 s; 0 until something was refused. */
  perMinute: 0,
  /** When something was refused last, as it was heard. */
  refusedAt: 1,
  /** When the first attempt after that was sent, and how many have been since, see `packSince`; 0 before the first. */
  since: 2,
  /** The newest bucket of the ring and the sum of all, see passed-ring. */
  counted: 3,
  /** When the attempt that was refused last was sent; below zero where what was known did not foresee it. */
  refusedSentAt: 4,
  /** Between these two a window of the clock began, if the provider counts by such; 0 where nothing shows it, see learned-window. */
  windowAfter: 5,
  windowBefore: 6,
  /** At most and at least so many passed in the window of the last refusal, see `packBounds`. */
  bounds: 7,
  /** Cells of the ring, several buckets in each. */
  buckets: 8,
  ring: 24,
  cells: 32,
});

/**
 * Float64 cells of one limit group at one node: running totals of what its attempts were charged, of what open ones may still be, and
 * of what ended ones were given back, a place each QUANTITY; the limits that were told or declared, or else what was learned.
 */
export const BLOCK = Object.freeze({
  used: 0,
  open: QUANTITIES,
  given: 2 * QUANTITIES,
  limits: 3 * QUANTITIES,
  learned: 3 * QUANTITIES + LIMIT.cells,
  cells: 3 * QUANTITIES + LIMIT_SLOTS * LIMIT.cells,
});

/** Float64 cells of what is learned of a model's sizes and pace at an endpoint. */
export const STATS = Object.freeze({
  /** Attempts it was learned from. */
  samples: 0,
  outputP90: 1,
  outputMean: 2,
  inputMean: 3,
  bytesPerToken: 4,
  firstTokenMs: 5,
  firstTokens: 6,
  /** How the provider counts where it tells no limits, as far as its refusals show, see learned-kind. */
  counting: 7,
  cells: 8,
});

/** Float64 cells of one attempt's lease in its writer's row; behind them what each node's block had used when it was sent. */
export const LEASE = Object.freeze({
  /** The candidate's index plus 1; 0 when free, negative while a dead worker's lease waits for a record. */
  candidate: 0,
  sendSeq: 1,
  /** Next free lease plus 1. */
  next: 2,
  /** What the attempt still may be charged, a place each QUANTITY. */
  late: 3,
  used: 3 + QUANTITIES,
});

/** Attempts a writer can have in flight. Memory that no attempt ever touched is never given to the process. */
export const LEASES = 16_384;

/**
 * Float64 cells at the start of a writer's leases: how many were ever used, the first free one plus 1, and how many a dead worker had that
 * were not yet returned when its successor began, see `findLeases`.
 */
export const LEASE_HEAD = Object.freeze({ top: 0, free: 1, orphans: 2, cells: 3 });

/** Int32 cells of a writer's row before its journal's entries. */
export const WRITER = Object.freeze({
  journalCount: 0,
  epoch: 1,
  /** Observations of limits whose numbers could not be. */
  implausible: 2,
  /** Observations of one limit more than a block can tell apart. */
  ignored: 3,
  cells: 16,
});

export interface TableCounts {
  readonly records: number;
  readonly scopes: number;
  readonly slots: number;
  readonly keys: number;
  readonly endpoints: number;
  readonly breakers: number;
  readonly pools: number;
  readonly nodes: number;
  readonly blocks: number;
  readonly tiers: number;
  readonly scopesPerCandidate: number;
  /** Nodes of the deepest domain path. */
  readonly depth: number;
}

/** First cells of every section. `int` sections index the Int32 view, all others the Float64 view. */
export interface TableLayout {
  readonly counts: TableCounts;
  readonly intLocks: number;
  /** Locks of the records that are no nodes. */
  readonly intWideLocks: number;
  readonly intTurns: number;
  readonly intWriters: number;
  readonly intPerWriter: number;
  readonly scopeEnds: number;
  /** See `packClears`. */
  readonly scopeClears: number;
  /** See `packRamp`. */
  readonly scopeRamps: number;
  readonly slots: number;
  readonly keys: number;
  readonly endpoints: number;
  readonly breakers: number;
  /** One window of suspicions for each breaker. */
  readonly suspicions: number;
  readonly pools: number;
  readonly nodes: number;
  readonly blocks: number;
  readonly stats: number;
  readonly writers: number;
  readonly floatsPerWriter: number;
  readonly journalEntries: number;
  readonly leaseCells: number;
  readonly fixedBytes: number;
  readonly bytesPerWriter: number;
}

const even = (cells: number): number => cells + (cells % 2);

/** Places of every section for these counts. Offsets of the writers' rows depend on nothing but the counts. */
export function layoutTable(counts: TableCounts): TableLayout {
  const leaseCells = LEASE.used + counts.depth * QUANTITIES;
  const journalEntries = journalEntriesOf(counts, leaseCells);
  const intLocks = HEADER.cells;
  const nodeLocks = counts.nodes * NODE_LOCK_STRIDE;
  const intWideLocks = intLocks + Math.ceil(nodeLocks / LOCK_STRIDE) * LOCK_STRIDE;
  const intTurns = intWideLocks + (counts.records - counts.nodes) * LOCK_STRIDE;
  const intWriters = even(intTurns + counts.tiers);
  const intPerWriter = WRITER.cells + journalEntries;
  let next = 0;
  const section = (cells: number): number => {
    const first = next;
    next += cells;
    return first;
  };
  const sections = {
    scopeEnds: section(counts.scopes),
    scopeClears: section(counts.scopes),
    scopeRamps: section(counts.scopes),
    slots: section(counts.slots * SLOT.cells),
    keys: section(counts.keys * KEY_CELL.cells),
    endpoints: section(counts.endpoints * ENDPOINT_CELL.cells),
    breakers: section(counts.breakers * WINDOW_CELLS),
    suspicions: section(counts.breakers * SUSPICION_CELLS),
    pools: section(counts.pools * WINDOW_CELLS),
    nodes: section(counts.nodes * NODE_CELL.cells),
    blocks: section(counts.blocks * BLOCK.cells),
    stats: section(counts.breakers * STATS.cells),
    writers: section(0),
  };
  const floatsPerWriter = journalEntries + LEASE_HEAD.cells + LEASES * leaseCells;
  return Object.freeze({
    counts,
    intLocks,
    intWideLocks,
    intTurns,
    intWriters,
    intPerWriter,
    ...sections,
    floatsPerWriter,
    journalEntries,
    leaseCells,
    fixedBytes: intWriters * 4 + sections.writers * 8,
    bytesPerWriter: intPerWriter * 4 + floatsPerWriter * 8,
  });
}

/**
 * The most one transaction writes: every slot of every scope that binds one candidate and what summarizes it, its nodes and their
 * limits, its lease, its counters and windows. A cell may be written twice.
 */
function journalEntriesOf(counts: TableCounts, leaseCells: number): number {
  const scopes = counts.scopesPerCandidate * (MOST_SLOTS * (SLOT.cells + 4) + 4);
  const nodes = counts.depth * 2 * (BLOCK.cells + NODE_CELL.cells);
  return even(
    scopes + nodes + leaseCells + 2 * WINDOW_CELLS + SUSPICION_CELLS + 2 * STATS.cells + 64,
  );
}
