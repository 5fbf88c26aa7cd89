import { LOCK_STRIDE, lockWordOf, type TableWriter } from '../limits/record-lock.ts';
import { writeDeclared } from './declared-limits.ts';
import type { KeyPlan } from './plan.ts';
import type { CooldownChange } from './status.ts';
import {
  HEADER,
  KEY_CELL,
  LAYOUT_VERSION,
  MAGIC,
  NODE_LOCK_STRIDE,
  SLOT,
  WRITER,
  type TableLayout,
} from './table-layout.ts';

/** Most cooldown changes one transaction can report. */
const MAX_CHANGES = 128;

/** A change noted while records are locked, when nothing may be allocated: cells of one entry of `KeyTable.noted`. */
export const NOTED = Object.freeze({ scope: 0, cleared: 1, slot: 2, cells: 3 + SLOT.cells });

/** Running sums of a tier's weights as one thread worked them out last; a thread's own memory, not the table's. */
export interface KnownRates {
  readonly changed: number;
  readonly builtAt: number;
  readonly cumulative: Float64Array;
  /** How many of the tier's candidates draw on each block. */
  readonly sharers: ReadonlyMap<number, number>;
  /** Whether all of them are known, and one has a window of which something will be lost at its end. */
  readonly losing: boolean;
  /** Where no limits are told: the least that was learned of any of them, by endpoint and model. */
  readonly paces: ReadonlyMap<number, number>;
}

/**
 * One thread's handle on the key table: views, places, and this writer's identity. All state is in the buffer, but for what one
 * transaction notes for its caller.
 */
export interface KeyTable {
  readonly plan: KeyPlan;
  readonly layout: TableLayout;
  readonly buffer: ArrayBuffer | SharedArrayBuffer;
  readonly ints: Int32Array;
  readonly cells: Float64Array;
  readonly worker: number;
  readonly lockWord: number;
  /** Int32 cells of this writer's journal: its count, then its entries. */
  readonly journalCount: number;
  readonly journalIndexes: number;
  /** Float64 cells of this writer's journal: the old values. */
  readonly journalValues: number;
  /** Float64 cell of this writer's LEASE_HEAD, its leases behind it. */
  readonly leases: number;
  /** Changes of the transaction under way, see NOTED. */
  readonly noted: Float64Array;
  notedCount: number;
  /** Settlements of this thread whose records were busy; the same list for every handle on the same buffer. */
  readonly deferred: (() => CooldownChange[])[];
  /** Cooldowns that this thread was to restore and whose records were busy, the oldest first; the same list for every handle too. */
  readonly unplaced: Unplaced[];
  /** Reservations somebody tried to settle again. */
  settledTwice: number;
  /** What this thread draws by where no weights were given, a place each tier. */
  readonly rates: (KnownRates | undefined)[];
}

/** A cooldown that is to be restored, as it was told and when; see restore-cooldowns. */
export interface Unplaced {
  readonly row: CooldownChange;
  /** Monotonic milliseconds. */
  readonly now: number;
  /** Epoch milliseconds. */
  readonly wallNow: number;
  /** What its scope had been cleared up to by then. */
  readonly clears: number;
}

type WaitingParts = Pick<KeyTable, 'deferred' | 'unplaced'>;

/** What waits for a record belongs to the buffer, not to the handle: a new handle on it makes up for it as well. */
const waitingByBuffer = new WeakMap<ArrayBuffer | SharedArrayBuffer, WaitingParts>();

/** Writes the header of an empty table: zeroed memory is a table where nothing is known. `workers` follows from the buffer's size. */
export function initKeyTable(
  plan: KeyPlan,
  buffer: ArrayBuffer | SharedArrayBuffer,
  workers: number = writersOf(plan.layout, buffer.byteLength),
): void {
  if (buffer.byteLength !== plan.byteLength(workers) || workers < 1) {
    throw new RangeError(
      `A key table of ${workers} writers takes ${plan.byteLength(workers)} bytes, not ${buffer.byteLength}.`,
    );
  }
  const header = new Int32Array(buffer, 0, HEADER.cells);
  header[HEADER.layout] = LAYOUT_VERSION;
  header[HEADER.fingerprint] = plan.fingerprint;
  header[HEADER.writers] = workers;
  header[HEADER.generation] = 1;
  writeDeclared(
    plan,
    new Float64Array(buffer, plan.layout.intWriters * 4 + plan.layout.intPerWriter * workers * 4),
  );
  Atomics.store(header, HEADER.magic, MAGIC);
}

/**
 * Opens a table for one writer: worker 0 is the main thread. Throws when the buffer is no table of this plan, or has no row for the
 * worker. A worker that is started again needs `recoverWorker` first and then comes with a higher epoch.
 */
export function openKeyTable(
  plan: KeyPlan,
  buffer: ArrayBuffer | SharedArrayBuffer,
  writer: TableWriter,
): KeyTable {
  const { layout } = plan;
  const writers = checkHeader(plan, buffer);
  if (writer.worker >= writers) {
    throw new RangeError(
      `The key table has rows for ${writers} writers, none for ${writer.worker}.`,
    );
  }
  const lockWord = lockWordOf(writer);
  const intCells = layout.intWriters + layout.intPerWriter * writers;
  const ints = new Int32Array(buffer, 0, intCells);
  const row = layout.intWriters + layout.intPerWriter * writer.worker;
  const values = layout.writers + layout.floatsPerWriter * writer.worker;
  Atomics.store(ints, row + WRITER.epoch, writer.epoch);
  return {
    plan,
    layout,
    buffer,
    ints,
    cells: new Float64Array(buffer, intCells * Int32Array.BYTES_PER_ELEMENT),
    worker: writer.worker,
    lockWord,
    journalCount: row + WRITER.journalCount,
    journalIndexes: row + WRITER.cells,
    journalValues: values,
    leases: values + layout.journalEntries,
    noted: new Float64Array(MAX_CHANGES * NOTED.cells),
    notedCount: 0,
    ...waitingOf(buffer),
    settledTwice: 0,
    rates: [],
  };
}

function waitingOf(buffer: ArrayBuffer | SharedArrayBuffer): WaitingParts {
  const known = waitingByBuffer.get(buffer);
  if (known !== undefined) return known;
  const waiting = { deferred: [], unplaced: [] };
  waitingByBuffer.set(buffer, waiting);
  return waiting;
}

/** How many times tables have succeeded each other on this node. */
export function generationOf(table: KeyTable): number {
  return Atomics.load(table.ints, HEADER.generation);
}

export function writersIn(table: KeyTable): number {
  return Atomics.load(table.ints, HEADER.writers);
}

/** Int32 cell of a record's lock. */
export const lockCell = (table: KeyTable, record: number): number =>
  record < table.layout.counts.nodes
    ? table.layout.intLocks + record * NODE_LOCK_STRIDE
    : table.layout.intWideLocks + (record - table.layout.counts.nodes) * LOCK_STRIDE;

/** Requests in flight at a key, of all workers. */
export const inFlightOf = (table: KeyTable, key: number): number =>
  table.cells[table.layout.keys + key * KEY_CELL.cells + KEY_CELL.inFlight] ?? 0;

function writersOf(layout: TableLayout, bytes: number): number {
  return Math.floor((bytes - layout.fixedBytes) / layout.bytesPerWriter);
}

function checkHeader(plan: KeyPlan, buffer: ArrayBuffer | SharedArrayBuffer): number {
  const header = new Int32Array(buffer, 0, HEADER.cells);
  const writers = Atomics.load(header, HEADER.writers);
  const fits =
    Atomics.load(header, HEADER.magic) === MAGIC &&
    Atomics.load(header, HEADER.layout) === LAYOUT_VERSION &&
    Atomics.load(header, HEADER.fingerprint) === plan.fingerprint &&
    buffer.byteLength === plan.byteLength(writers);
  if (!fits) throw new Error('The buffer is not a key table of this plan.');
  return writers;
}
