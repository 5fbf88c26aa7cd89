import { LOCK_STRIDE } from '../limits/record-lock.ts';
import { DIMENSIONS } from './cooldown-codes.ts';

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
  /** The node-wide send sequence, on a cache line of its own. */
  sequenceLow: 16,
  sequenceHalf: 17,
  cells: 32,
});

export const MAGIC = 0x4b57_4b54;
export const LAYOUT_VERSION = 2;

/** Float64 cells of one cooldown: one cache line. */
export const SLOT = Object.freeze({
  /** Monotonic milliseconds; 0 when the slot is empty. */
  endsAt: 0,
  class: 1,
  dimension: 2,
  /** Smallest refused need; 0 binds every request. */
  refusedNeed: 3,
  flags: 4,
  /** Send sequence at which it was set: whatever was sent up to here belongs to the same event. */
  setSeq: 5,
  setAt: 6,
  strikes: 7,
  cells: 8,
});

/** Bits of a slot's flags. */
export const FLAG = Object.freeze({
  authoritative: 1,
  implausible: 2,
  /** Set aside while the provider itself is suspected: does not bind. */
  suspended: 4,
});

/** Float64 cells of a key's counters. */
export const KEY_CELL = Object.freeze({ attempts: 0, successes: 1, failures: 2, cells: 4 });

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
  cells: 8,
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

/** A limit as providers tell it. Laid out for headroom and reservations of tokens; nothing reads or writes it yet. */
const LIMIT = Object.freeze({
  limit: 0,
  remaining: 1,
  reserved: 2,
  rate: 3,
  resetAt: 4,
  sentAt: 5,
  sentSeq: 6,
  cells: 8,
});

/** Int32 cells of a writer's row before its journal's entries. */
export const WRITER = Object.freeze({ journalCount: 0, epoch: 1, cells: 16 });

export interface TableCounts {
  readonly records: number;
  readonly scopes: number;
  readonly slots: number;
  readonly keys: number;
  readonly endpoints: number;
  readonly breakers: number;
  readonly pools: number;
  readonly limits: number;
  readonly scopesPerCandidate: number;
}

/** First cells of every section. `int` sections index the Int32 view, all others the Float64 view. */
export interface TableLayout {
  readonly counts: TableCounts;
  readonly intLocks: number;
  readonly intWriters: number;
  readonly intPerWriter: number;
  readonly scopeEnds: number;
  readonly scopeClears: number;
  readonly slots: number;
  readonly keys: number;
  readonly abandoned: number;
  readonly endpoints: number;
  readonly breakers: number;
  /** One window of suspicions for each breaker. */
  readonly suspicions: number;
  readonly pools: number;
  readonly limits: number;
  readonly writers: number;
  readonly floatsPerWriter: number;
  readonly journalEntries: number;
  readonly fixedBytes: number;
  readonly bytesPerWriter: number;
}

const even = (cells: number): number => cells + (cells % 2);

/** Places of every section for these counts. Offsets of the writers' rows depend on nothing but the counts. */
export function layoutTable(counts: TableCounts): TableLayout {
  // The most one transaction writes: every slot of every scope that binds one candidate, its counters and its windows.
  const perScope = (DIMENSIONS.length + 3) * SLOT.cells + 2;
  const journalEntries = even(
    counts.scopesPerCandidate * perScope + 2 * WINDOW_CELLS + SUSPICION_CELLS + 64,
  );
  const intLocks = HEADER.cells;
  const intWriters = even(intLocks + counts.records * LOCK_STRIDE);
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
    slots: section(counts.slots * SLOT.cells),
    keys: section(counts.keys * KEY_CELL.cells),
    abandoned: section(counts.keys),
    endpoints: section(counts.endpoints * ENDPOINT_CELL.cells),
    breakers: section(counts.breakers * WINDOW_CELLS),
    suspicions: section(counts.breakers * SUSPICION_CELLS),
    pools: section(counts.pools * WINDOW_CELLS),
    limits: section(counts.limits * DIMENSIONS.length * LIMIT.cells),
    writers: section(0),
  };
  const floatsPerWriter = journalEntries + counts.keys;
  return Object.freeze({
    counts,
    intLocks,
    intWriters,
    intPerWriter,
    ...sections,
    floatsPerWriter,
    journalEntries,
    fixedBytes: intWriters * 4 + sections.writers * 8,
    bytesPerWriter: intPerWriter * 4 + floatsPerWriter * 8,
  });
}
