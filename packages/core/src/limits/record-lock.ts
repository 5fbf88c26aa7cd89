/**
 * The lock of one record in shared memory: an Int32 word that names its holder, so that the main thread can tell what a dead worker
 * left locked. Bit 0 held, bits 1–8 worker, bits 9–24 epoch of that worker. Measured: docs on state shared between workers.
 */

/** Who writes: worker 0 is the main thread; the epoch grows with each restart of the worker. */
export interface TableWriter {
  readonly worker: number;
  readonly epoch: number;
}

const MAX_WORKER = 255;

/** Locks lie this many Int32 cells apart: one cache line each, so that neighbours do not slow each other down. */
export const LOCK_STRIDE = 16;

const MAX_SPINS = 20;
const WAIT_MS = 0.05;
/** Waits of 50 µs before the record counts as busy: about 1 ms in all. */
const MAX_WAITS = 20;

/** The word that marks a lock as held by this writer. Throws on a worker number that does not fit. */
export function lockWordOf(writer: TableWriter): number {
  if (!Number.isInteger(writer.worker) || writer.worker < 0 || writer.worker > MAX_WORKER) {
    throw new RangeError(`A worker number must be 0 to ${MAX_WORKER}, not ${writer.worker}.`);
  }
  return 1 | (writer.worker << 1) | ((writer.epoch & 0xffff) << 9);
}

/** The worker that holds a lock, or null when nobody does. */
export function holderOf(word: number): number | null {
  return (word & 1) === 0 ? null : (word >> 1) & 0xff;
}

/**
 * Takes the lock at `cell`, or gives up after about 1 ms: then its holder is dead or was put aside by the operating system, and the
 * caller chooses something else. On memory that is not shared nobody else could release it, so nothing is waited for.
 */
export function acquireLock(cells: Int32Array, cell: number, word: number): boolean {
  if (Atomics.compareExchange(cells, cell, 0, word) === 0) return true;
  return acquireContended(cells, cell, word);
}

function acquireContended(cells: Int32Array, cell: number, word: number): boolean {
  if (cells.buffer instanceof ArrayBuffer) return false;
  for (let spin = 0; spin < MAX_SPINS; spin += 1) {
    if (Atomics.compareExchange(cells, cell, 0, word) === 0) return true;
  }
  for (let wait = 0; wait < MAX_WAITS; wait += 1) {
    const held = Atomics.load(cells, cell);
    if (held !== 0) Atomics.wait(cells, cell, held, WAIT_MS);
    if (Atomics.compareExchange(cells, cell, 0, word) === 0) return true;
  }
  return false;
}

/** Gives the lock back. A lock that is not held by this word any more stays as it is. */
export function releaseLock(cells: Int32Array, cell: number, word: number): void {
  Atomics.compareExchange(cells, cell, word, 0);
}

/** Releases the lock at `cell` if that worker holds it, whatever its epoch: only after the worker's thread has ended. */
export function releaseLockOf(cells: Int32Array, cell: number, worker: number): boolean {
  const word = Atomics.load(cells, cell);
  return holderOf(word) === worker && Atomics.compareExchange(cells, cell, word, 0) === word;
}
