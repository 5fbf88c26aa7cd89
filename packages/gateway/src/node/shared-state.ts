import {
  inFlightOf,
  initKeyTable,
  openKeyTable,
  type KeyTable,
} from '@keywell/core/keys/key-table';
import { planKeys, type KeyPlan } from '@keywell/core/keys/plan';
import { carryOver, recoverWorker } from '@keywell/core/keys/recover';
import { returnOrphans } from '@keywell/core/keys/return-leases';
import type { CooldownChange } from '@keywell/core/keys/status';
import { CounterTable } from '@keywell/core/limits/counter-table';
import type { Snapshot } from '@keywell/core/snapshot/snapshot';
import { initWaitingTable, waitingBytes } from '@keywell/core/waiting/waiting-table';
import { encodeSnapshot } from '../snapshot/encode-snapshot.ts';
import type { PublishedState } from '../worker/messages.ts';

/** The main thread writes the tables too (clearing, restoring); it is worker 0 of epoch 1. */
const MAIN = Object.freeze({ worker: 0, epoch: 1 });
const MIN_SLOTS = 1024;
/** Replaced tables that are kept in mind at most, whatever still runs in them. */
const MAX_FORMER = 16;

/** What the workers of a node share, and how it is replaced when a new snapshot comes. */
export interface SharedState {
  readonly snapshot: Snapshot;
  readonly plan: KeyPlan;
  readonly table: KeyTable;
  /** The version that brought this key table: a worker with an older one writes into another. */
  readonly tableSince: number;
  readonly slots: number;
  readonly published: PublishedState;
  /** Tables that were replaced and that workers may still use, newest first. */
  readonly former: readonly FormerTables[];
}

/** Tables of a snapshot that was replaced. */
export interface FormerTables {
  readonly table: KeyTable;
  readonly counterCells: SharedArrayBuffer;
}

/** The waiting table of a node, for its whole life. */
export function createWaitingCells(writers: number): SharedArrayBuffer {
  const cells = new SharedArrayBuffer(waitingBytes(writers));
  initWaitingTable(cells, writers);
  return cells;
}

export function createSharedState(snapshot: Snapshot, workers: number): SharedState {
  return build(snapshot, workers, null).state;
}

/**
 * The state for a new snapshot. What was learned about keys and what consumers have used is carried over by id; tables whose layout
 * does not change are kept as they are. A key whose value changed is a new key: what was learned about the old one alone ends, and is
 * returned.
 */
export function nextSharedState(
  snapshot: Snapshot,
  workers: number,
  before: SharedState,
): { readonly state: SharedState; readonly cleared: readonly CooldownChange[] } {
  return build(snapshot, workers, before);
}

/**
 * Returns what a dead worker held and undoes what it had begun, in every table it may have had open. False while something is left for
 * `returnLeftovers`, whose records are busy.
 */
export function recoverSharedState(state: SharedState, worker: number): boolean {
  const { published, former } = state;
  const left = keyTablesOf(state).map((table) => recoverWorker(table.plan, table.buffer, worker));
  const counters = new Set([published.counterCells, ...former.map((each) => each.counterCells)]);
  for (const cells of counters) CounterTable.recover(cells, worker);
  return left.every(({ orphans }) => orphans === 0);
}

/** Returns what dead workers held and could not be given back at their end. False while something is left again. */
export function returnLeftovers(state: SharedState): boolean {
  return keyTablesOf(state)
    .map(returnOrphans)
    .every((left) => left === 0);
}

/** Every key table that workers may have open, once. */
function keyTablesOf({ table, former }: SharedState): readonly KeyTable[] {
  const tables = [table, ...former.map((each) => each.table)];
  return [...new Map(tables.map((of) => [of.buffer, of])).values()];
}

function build(
  snapshot: Snapshot,
  workers: number,
  before: SharedState | null,
): { readonly state: SharedState; readonly cleared: readonly CooldownChange[] } {
  const plan = planKeys(snapshot);
  const keyCells = keyCellsFor(snapshot, plan, workers, before);
  const table = openKeyTable(plan, keyCells, MAIN);
  const kept = keyCells === before?.published.keyCells;
  const cleared = before === null || kept ? [] : carryOver(before.table, table);
  const { slots, counterCells } = counterCellsFor(snapshot, before);
  const published = {
    version: snapshot.version,
    snapshot: encodeSnapshot(snapshot),
    keyCells,
    counterCells,
  };
  const tableSince = kept ? before.tableSince : snapshot.version;
  const former = formerOf(before, published);
  return { state: { snapshot, plan, table, tableSince, slots, published, former }, cleared };
}

/**
 * The predecessor's tables, which workers use until they have taken the new snapshot over, and all older ones in which something is in
 * flight.
 */
function formerOf(before: SharedState | null, now: PublishedState): readonly FormerTables[] {
  if (before === null) return [];
  const { table, published } = before;
  const inUse = before.former.filter((each) => isInUse(each.table));
  const same = published.keyCells === now.keyCells && published.counterCells === now.counterCells;
  const replaced = same ? [] : [{ table, counterCells: published.counterCells }];
  return [...replaced, ...inUse].slice(0, MAX_FORMER);
}

function isInUse(table: KeyTable): boolean {
  return table.plan.keys.some(({ index }) => inFlightOf(table, index) > 0);
}

function keyCellsFor(
  snapshot: Snapshot,
  plan: KeyPlan,
  workers: number,
  before: SharedState | null,
): SharedArrayBuffer {
  if (before !== null && shapeOf(before.snapshot) === shapeOf(snapshot)) {
    return before.published.keyCells;
  }
  const cells = new SharedArrayBuffer(plan.byteLength(workers + 1));
  initKeyTable(plan, cells, workers + 1);
  return cells;
}

/**
 * What the table depends on: providers and pools alone. Secrets print as masks here, but every credential has its fingerprint beside
 * it, so that a replaced one makes another table.
 */
function shapeOf({ providers, pools }: Snapshot): string {
  return JSON.stringify({ providers, pools });
}

function counterCellsFor(
  snapshot: Snapshot,
  before: SharedState | null,
): { readonly slots: number; readonly counterCells: SharedArrayBuffer } {
  const needed = snapshot.consumers.reduce((top, consumer) => Math.max(top, consumer.slot + 1), 0);
  if (before !== null && needed <= before.slots) {
    return { slots: before.slots, counterCells: before.published.counterCells };
  }
  const slots = Math.max(MIN_SLOTS, 2 ** Math.ceil(Math.log2(needed + 1)));
  const counterCells = new SharedArrayBuffer(CounterTable.bytes(slots));
  if (before !== null) CounterTable.carryOver(before.published.counterCells, counterCells);
  return { slots, counterCells };
}
