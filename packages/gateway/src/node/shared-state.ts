import { initKeyTable, openKeyTable, type KeyTable } from '@keywell/core/keys/key-table';
import { planKeys, type KeyPlan } from '@keywell/core/keys/plan';
import { carryOver, clearCooldowns, recoverWorker } from '@keywell/core/keys/recover';
import type { CooldownChange } from '@keywell/core/keys/status';
import { CounterTable } from '@keywell/core/limits/counter-table';
import type { Snapshot } from '@keywell/core/snapshot/snapshot';
import type { Clock } from '../pipeline/clock.ts';
import { encodeSnapshot } from '../snapshot/encode-snapshot.ts';
import type { PublishedState } from '../worker/messages.ts';

/** The main thread writes the tables too (clearing, restoring); it is worker 0 of epoch 1. */
const MAIN = Object.freeze({ worker: 0, epoch: 1 });
const MIN_SLOTS = 1024;

/** What the workers of a node share, and how it is replaced when a new snapshot comes. */
export interface SharedState {
  readonly snapshot: Snapshot;
  readonly plan: KeyPlan;
  readonly table: KeyTable;
  readonly slots: number;
  readonly published: PublishedState;
}

export function createSharedState(snapshot: Snapshot, workers: number): SharedState {
  return build(snapshot, workers, null, null).state;
}

/**
 * The state for a new snapshot. What was learned about keys and what consumers have used is carried over by id; tables whose layout
 * does not change are kept as they are. A key whose value changed is a new key: its own cooldowns end.
 */
export function nextSharedState(
  snapshot: Snapshot,
  workers: number,
  before: SharedState,
  clock: Clock,
): { readonly state: SharedState; readonly cleared: readonly CooldownChange[] } {
  return build(snapshot, workers, before, clock);
}

function build(
  snapshot: Snapshot,
  workers: number,
  before: SharedState | null,
  clock: Clock | null,
): { readonly state: SharedState; readonly cleared: readonly CooldownChange[] } {
  const plan = planKeys(snapshot);
  const keyCells = keyCellsFor(snapshot, plan, workers, before);
  const table = openKeyTable(plan, keyCells, MAIN);
  const cleared: CooldownChange[] = [];
  if (before !== null && keyCells !== before.published.keyCells) carryOver(before.table, table);
  if (before !== null && clock !== null) {
    const at = { now: clock.now(), wallNow: clock.wallNow() };
    for (const { provider, key } of replacedKeys(before.snapshot, snapshot)) {
      cleared.push(...clearCooldowns(table, { provider, key }, at));
    }
  }
  const { slots, counterCells } = counterCellsFor(snapshot, before);
  const published = {
    version: snapshot.version,
    snapshot: encodeSnapshot(snapshot),
    keyCells,
    counterCells,
  };
  return { state: { snapshot, plan, table, slots, published }, cleared };
}

function keyCellsFor(
  snapshot: Snapshot,
  plan: KeyPlan,
  workers: number,
  before: SharedState | null,
): SharedArrayBuffer {
  if (before !== null && sameLayout(before.snapshot, snapshot)) return before.published.keyCells;
  const cells = new SharedArrayBuffer(plan.byteLength(workers + 1));
  initKeyTable(plan, cells, workers + 1);
  return cells;
}

/** The layout follows from providers and pools alone; secrets print as masks here, and values do not lay out cells. */
function sameLayout(left: Snapshot, right: Snapshot): boolean {
  return shapeOf(left) === shapeOf(right);
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

function replacedKeys(
  before: Snapshot,
  after: Snapshot,
): readonly { readonly provider: string; readonly key: string }[] {
  const fingerprints = new Map<string, string>();
  for (const provider of before.providers) {
    for (const key of provider.keys) fingerprints.set(`${provider.id}/${key.id}`, key.fingerprint);
  }
  return after.providers.flatMap((provider) =>
    provider.keys
      .filter((key) => {
        const known = fingerprints.get(`${provider.id}/${key.id}`);
        return known !== undefined && known !== key.fingerprint;
      })
      .map((key) => ({ provider: provider.id, key: key.id })),
  );
}

/** Returns what a dead worker held. */
export function recoverSharedState(state: SharedState, worker: number): void {
  recoverWorker(state.plan, state.published.keyCells, worker);
  CounterTable.recover(state.published.counterCells, worker);
}

function shapeOf({ providers, pools }: Snapshot): string {
  return JSON.stringify({ providers, pools });
}
