import {
  acquireLock,
  lockWordOf,
  releaseLock,
  releaseLockOf,
  type TableWriter,
} from '../limits/record-lock.ts';

/**
 * The consumers' money of a node in shared memory: one row a consumer, exact across workers. A row is {lock, generation, period, its
 * start, spent, and what each writer's calls in flight hold}. Two cells change together when a call settles, so every write goes through
 * its writer's journal: a worker that dies in between is undone, and then what it held counts as spent, since a call it had sent may be
 * charged. The buffer may grow: rows never move, so that a call settles where it reserved, whatever was published meanwhile.
 */

/** Int32 cells of a writer's journal before its entries: how many there are. */
const JOURNAL_COUNT = 0;
const JOURNAL_ENTRIES = 1;
const MAX_ENTRIES = 7;
const JOURNAL_INTS = 16;
/** Float64 cells of a journal: old values. */
const JOURNAL_FLOATS = 8;

/** Int32 cells of a row. */
const LOCK = 0;
const GENERATION = 1;
/** Float64 cells of a row, behind the Int32 ones. */
const PERIOD = 1;
const PERIOD_START = 2;
const SPENT = 3;
const HELD = 4;
const LINE_CELLS = 8;

/** Whose money: a row of the table, and which of its users. */
export interface BudgetRow {
  readonly slot: number;
  readonly generation: number;
}

/** The period that rules at an instant. */
export interface BudgetPeriod {
  /** See `periodCode`. */
  readonly code: number;
  /** Wall clock, epoch milliseconds. */
  readonly startsAt: number;
}

/** What became of a call at its consumer's budget. */
export interface Reserved {
  readonly admitted: boolean;
  /** What is left of the budget beside everything spent and held, micros; never below 0. */
  readonly leftMicros: number;
}

/** A row as it stands. */
export interface BudgetState {
  readonly generation: number;
  readonly code: number;
  readonly startsAt: number;
  readonly spentMicros: number;
  readonly heldMicros: number;
}

export class BudgetTable {
  readonly #ints: Int32Array;
  readonly #floats: Float64Array;
  readonly #writer: number;
  readonly #writers: number;
  readonly #word: number;

  /** The rows that the buffer has now; open it anew after it has grown. */
  constructor(buffer: ArrayBuffer | SharedArrayBuffer, writer: TableWriter, writers: number) {
    const bytes = buffer.byteLength;
    this.#ints = new Int32Array(buffer, 0, bytes / Int32Array.BYTES_PER_ELEMENT);
    this.#floats = new Float64Array(buffer, 0, bytes / Float64Array.BYTES_PER_ELEMENT);
    this.#writer = writer.worker;
    this.#writers = writers;
    this.#word = lockWordOf(writer);
  }

  /** Bytes of a table for this many rows and writers: the workers and the main thread. */
  static bytes(slots: number, writers: number): number {
    return (rowsAt(writers) + slots * rowCells(writers)) * Float64Array.BYTES_PER_ELEMENT;
  }

  get slots(): number {
    return (this.#floats.length - rowsAt(this.#writers)) / rowCells(this.#writers);
  }

  /**
   * Holds `micros` for a call, if they fit beside what is spent and held. A row of an older generation starts empty, one of a newer
   * belongs to somebody else and refuses. `busy` when the row stays locked for about 1 ms. Throws RangeError without such a row.
   */
  reserve(
    row: BudgetRow,
    budget: { readonly amountMicros: number; readonly period: BudgetPeriod },
    micros: number,
  ): Reserved | 'busy' {
    const at = this.#rowAt(row.slot);
    if (!acquireLock(this.#ints, at * 2 + LOCK, this.#word)) return 'busy';
    let left = 0;
    let admitted = false;
    if (this.#begin(at, row.generation, budget.period)) {
      left = budget.amountMicros - this.#read(at + SPENT) - this.#heldIn(at);
      admitted = micros <= left;
      if (admitted) {
        const held = at + HELD + this.#writer;
        this.#write(held, this.#read(held) + micros);
        left -= micros;
      }
    }
    this.#commit();
    releaseLock(this.#ints, at * 2 + LOCK, this.#word);
    return { admitted, leftMicros: Math.max(0, left) };
  }

  /**
   * Gives back what a call held and books what it cost, in the period that rules now. False when the row stays busy: try again. A row
   * that has another user by now takes nothing.
   */
  settle(
    row: BudgetRow,
    period: BudgetPeriod,
    { heldMicros, costMicros }: { readonly heldMicros: number; readonly costMicros: number },
  ): boolean {
    const at = this.#rowAt(row.slot);
    if (!acquireLock(this.#ints, at * 2 + LOCK, this.#word)) return false;
    if (this.#ints[at * 2 + GENERATION] === row.generation) {
      this.#begin(at, row.generation, period);
      const held = at + HELD + this.#writer;
      this.#write(at + SPENT, this.#read(at + SPENT) + costMicros);
      this.#write(held, Math.max(0, this.#read(held) - heldMicros));
    }
    this.#commit();
    releaseLock(this.#ints, at * 2 + LOCK, this.#word);
    return true;
  }

  /** A row as it stands, without its lock: two numbers of one call may be a moment apart. */
  read(slot: number): BudgetState {
    const at = this.#rowAt(slot);
    return {
      generation: this.#ints[at * 2 + GENERATION] ?? 0,
      code: this.#read(at + PERIOD),
      startsAt: this.#read(at + PERIOD_START),
      spentMicros: this.#read(at + SPENT),
      heldMicros: this.#heldIn(at),
    };
  }

  /** Puts back what was spent before this process, before any worker has the row. A row that is in use already stays as it is. */
  restore(row: BudgetRow, period: BudgetPeriod, spentMicros: number): void {
    const at = this.#rowAt(row.slot);
    if ((this.#ints[at * 2 + GENERATION] ?? 0) >= row.generation) return;
    this.#floats.fill(0, at + PERIOD, at + HELD + this.#writers);
    this.#floats[at + PERIOD] = period.code;
    this.#floats[at + PERIOD_START] = period.startsAt;
    this.#floats[at + SPENT] = spentMicros;
    Atomics.store(this.#ints, at * 2 + GENERATION, row.generation);
  }

  /**
   * After a worker's thread has ended: undoes what it had begun, books what it held as spent, releases its locks. By a writer that holds
   * nothing for calls of its own; what it could not book is booked by `bookLate`.
   */
  recover(worker: number): { readonly bookedMicros: number; readonly locksReleased: number } {
    this.#undo(worker);
    let bookedMicros = 0;
    let locksReleased = 0;
    const rows = this.slots;
    for (let slot = 0; slot < rows; slot += 1) {
      const at = this.#rowAt(slot);
      if (releaseLockOf(this.#ints, at * 2 + LOCK, worker)) locksReleased += 1;
      bookedMicros += this.#book(at, worker);
    }
    return { bookedMicros, locksReleased };
  }

  /** Books what could not be booked when its worker was recovered, because somebody else had the row. */
  bookLate(): number {
    let bookedMicros = 0;
    const rows = this.slots;
    for (let slot = 0; slot < rows; slot += 1) {
      bookedMicros += this.#book(this.#rowAt(slot), this.#writer);
    }
    return bookedMicros;
  }

  /**
   * The dead worker's share of a row, under the row's lock: others may be settling there. A row that stays busy keeps it as held by this
   * writer, which has no calls of its own, so that the dead worker's successor starts with nothing.
   */
  #book(at: number, worker: number): number {
    const cell = at + HELD + worker;
    const held = this.#read(cell);
    if (held === 0) return 0;
    if (!acquireLock(this.#ints, at * 2 + LOCK, this.#word)) {
      if (worker === this.#writer) return 0;
      // Nobody else writes either cell, and who reads in between sees more held than there is.
      const own = at + HELD + this.#writer;
      this.#floats[own] = this.#read(own) + held;
      this.#floats[cell] = 0;
      return 0;
    }
    this.#write(at + SPENT, this.#read(at + SPENT) + held);
    this.#write(cell, 0);
    this.#commit();
    releaseLock(this.#ints, at * 2 + LOCK, this.#word);
    return held;
  }

  /** Under the row's lock: makes the row this user's and this period's. False when it is somebody else's. */
  #begin(at: number, generation: number, period: BudgetPeriod): boolean {
    const generationCell = at * 2 + GENERATION;
    const present = this.#ints[generationCell] ?? 0;
    if (generation < present) return false;
    if (generation > present) {
      // The generation is written last, so that a death in between starts over.
      this.#floats.fill(0, at + PERIOD, at + HELD + this.#writers);
      this.#floats[at + PERIOD] = period.code;
      this.#floats[at + PERIOD_START] = period.startsAt;
      Atomics.store(this.#ints, generationCell, generation);
      return true;
    }
    if (this.#read(at + PERIOD) !== period.code) {
      // Another kind of period goes on from what is spent; it is the next one that starts anew.
      this.#write(at + PERIOD, period.code);
      this.#write(at + PERIOD_START, period.startsAt);
    } else if (this.#read(at + PERIOD_START) < period.startsAt) {
      this.#write(at + SPENT, 0);
      this.#write(at + PERIOD_START, period.startsAt);
    }
    return true;
  }

  #rowAt(slot: number): number {
    if (!Number.isInteger(slot) || slot < 0 || slot >= this.slots) {
      throw new RangeError(`The budget table has no slot ${slot}.`);
    }
    return rowsAt(this.#writers) + slot * rowCells(this.#writers);
  }

  #heldIn(at: number): number {
    let held = 0;
    for (let writer = 0; writer < this.#writers; writer += 1)
      held += this.#read(at + HELD + writer);
    return held;
  }

  #read(cell: number): number {
    return this.#floats[cell] ?? 0;
  }

  #write(cell: number, value: number): void {
    const journal = this.#writer * JOURNAL_INTS;
    const count = this.#ints[journal + JOURNAL_COUNT] ?? 0;
    this.#ints[journal + JOURNAL_ENTRIES + count] = cell;
    this.#floats[valuesAt(this.#writers, this.#writer) + count] = this.#read(cell);
    Atomics.store(this.#ints, journal + JOURNAL_COUNT, count + 1);
    this.#floats[cell] = value;
  }

  #commit(): void {
    Atomics.store(this.#ints, this.#writer * JOURNAL_INTS + JOURNAL_COUNT, 0);
  }

  #undo(worker: number): void {
    const journal = worker * JOURNAL_INTS;
    const values = valuesAt(this.#writers, worker);
    const count = Math.min(Atomics.load(this.#ints, journal + JOURNAL_COUNT), MAX_ENTRIES);
    for (let entry = count - 1; entry >= 0; entry -= 1) {
      this.#floats[this.#ints[journal + JOURNAL_ENTRIES + entry] ?? 0] = this.#read(values + entry);
    }
    Atomics.store(this.#ints, journal + JOURNAL_COUNT, 0);
  }
}

/** Whole cache lines for a row: its two Int32 cells, three cells of state, one a writer. */
const rowCells = (writers: number): number => Math.ceil((HELD + writers) / LINE_CELLS) * LINE_CELLS;

/** Float64 cells of all journals' Int32 part. */
const journalInts = (writers: number): number => (writers * JOURNAL_INTS) / 2;

const valuesAt = (writers: number, writer: number): number =>
  journalInts(writers) + writer * JOURNAL_FLOATS;

const rowsAt = (writers: number): number => journalInts(writers) + writers * JOURNAL_FLOATS;
