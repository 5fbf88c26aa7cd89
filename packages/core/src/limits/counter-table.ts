import {
  acquireLock,
  lockWordOf,
  releaseLock,
  releaseLockOf,
  type TableWriter,
} from './record-lock.ts';

/** Seconds a request counts. One bucket more than 60 covers every span of 60 s that ends now, wherever it starts in a second. */
const BUCKETS = 61;
const SECOND_MS = 1000;

/** One row: lock, generation, newest second, then the buckets. 256 bytes, so that no two consumers share a cache line. */
const LOCK = 0;
const GENERATION = 1;
const NEWEST = 2;
const FIRST_BUCKET = 3;
const ROW_CELLS = FIRST_BUCKET + BUCKETS;

/** What became of one request at its consumer's limit. */
export interface Taken {
  readonly admitted: boolean;
  /** Requests that would still be admitted now. */
  readonly remaining: number;
  /** Until the next request would be admitted, milliseconds; 0 when one would be now. */
  readonly retryAfterMs: number;
  /** Until the whole limit is free again, milliseconds. */
  readonly resetMs: number;
}

/**
 * The consumers' request counters of a node: a sliding window of one-second buckets per slot, exact across workers. Never more than
 * the limit in any 60 s; a place may free up to one second late. No journal: the buckets that a new second reuses are emptied first,
 * then the newest second moves, and admitting is one write, so that a worker may die between any two of them.
 */
export class CounterTable {
  readonly #cells: Int32Array;
  readonly #word: number;

  constructor(buffer: ArrayBuffer | SharedArrayBuffer, writer: TableWriter) {
    this.#cells = new Int32Array(buffer);
    this.#word = lockWordOf(writer);
  }

  static bytes(slots: number): number {
    return slots * ROW_CELLS * Int32Array.BYTES_PER_ELEMENT;
  }

  /**
   * Counts one request of the consumer in `slot`. A higher generation than the row's is a new consumer in a recycled slot and starts
   * empty; a lower one is a consumer that is gone, and is refused. `now` is the node's monotonic clock in milliseconds. `busy` when
   * the row stays locked for about 1 ms. Throws RangeError when the table has no such slot.
   */
  takeRequest(slot: number, generation: number, limit: number, now: number): Taken | 'busy' {
    const row = slot * ROW_CELLS;
    if (!Number.isInteger(slot) || slot < 0 || row + ROW_CELLS > this.#cells.length) {
      throw new RangeError(`The counter table has no slot ${slot}.`);
    }
    if (!acquireLock(this.#cells, row + LOCK, this.#word)) return 'busy';
    const stale = generation < read(this.#cells, row + GENERATION);
    let admitted = false;
    let used = 0;
    let second = 0;
    if (!stale) {
      if (generation > read(this.#cells, row + GENERATION)) restart(this.#cells, row, generation);
      second = advance(this.#cells, row, Math.floor(now / SECOND_MS));
      used = usedIn(this.#cells, row);
      admitted = used < limit;
      if (admitted) {
        const bucket = row + FIRST_BUCKET + (second % BUCKETS);
        this.#cells[bucket] = read(this.#cells, bucket) + 1;
        used += 1;
      }
    }
    const retryAt = stale || used < limit ? 0 : freesAt(this.#cells, row, second, used - limit);
    const resetAt = stale ? 0 : emptyAt(this.#cells, row, second);
    releaseLock(this.#cells, row + LOCK, this.#word);
    if (stale) return { admitted, remaining: 0, retryAfterMs: SECOND_MS, resetMs: SECOND_MS };
    return {
      admitted,
      remaining: Math.max(0, limit - used),
      retryAfterMs: Math.max(0, retryAt - now),
      resetMs: Math.max(0, resetAt - now),
    };
  }

  /** Releases what a dead worker left locked. Call it after the worker's exit and before its successor starts. */
  static recover(buffer: ArrayBuffer | SharedArrayBuffer, worker: number): number {
    const cells = new Int32Array(buffer);
    let released = 0;
    for (let row = 0; row < cells.length; row += ROW_CELLS) {
      if (releaseLockOf(cells, row + LOCK, worker)) released += 1;
    }
    return released;
  }

  /**
   * Copies every row into a table with more slots. What workers count in the old table after this is not in the new one, so keep a
   * table for as long as it has room.
   */
  static carryOver(
    from: ArrayBuffer | SharedArrayBuffer,
    to: ArrayBuffer | SharedArrayBuffer,
  ): void {
    const source = new Int32Array(from);
    const target = new Int32Array(to);
    const end = Math.min(source.length, target.length);
    for (let row = 0; row + ROW_CELLS <= end; row += ROW_CELLS) {
      target.set(source.subarray(row + GENERATION, row + ROW_CELLS), row + GENERATION);
    }
  }
}

function read(cells: Int32Array, index: number): number {
  return cells[index] ?? 0;
}

/** Empties the row for a new consumer; the generation is written last, so that a death in between starts over. */
function restart(cells: Int32Array, row: number, generation: number): void {
  cells.fill(0, row + NEWEST, row + ROW_CELLS);
  Atomics.store(cells, row + GENERATION, generation);
}

/** Moves the window to this second. A caller whose clock reading is older than the newest second counts into that one. */
function advance(cells: Int32Array, row: number, second: number): number {
  const newest = read(cells, row + NEWEST);
  if (second <= newest) return newest;
  const first = Math.max(newest + 1, second - BUCKETS + 1);
  for (let at = first; at <= second; at += 1) cells[row + FIRST_BUCKET + (at % BUCKETS)] = 0;
  Atomics.store(cells, row + NEWEST, second);
  return second;
}

function usedIn(cells: Int32Array, row: number): number {
  let used = 0;
  for (let bucket = 0; bucket < BUCKETS; bucket += 1)
    used += read(cells, row + FIRST_BUCKET + bucket);
  return used;
}

/** The instant at which more than `excess` requests have left the window, so that one more fits. */
function freesAt(cells: Int32Array, row: number, newest: number, excess: number): number {
  let gone = 0;
  let second = Math.max(0, newest - BUCKETS + 1);
  for (; second < newest; second += 1) {
    gone += read(cells, row + FIRST_BUCKET + (second % BUCKETS));
    if (gone > excess) break;
  }
  return (second + BUCKETS) * SECOND_MS;
}

/** The instant at which nothing of the window is left. */
function emptyAt(cells: Int32Array, row: number, newest: number): number {
  for (let second = newest; second >= 0 && second > newest - BUCKETS; second -= 1) {
    if (read(cells, row + FIRST_BUCKET + (second % BUCKETS)) > 0) {
      return (second + BUCKETS) * SECOND_MS;
    }
  }
  return 0;
}
