import { changeOf } from './cooldown-changes.ts';
import {
  endpointCell,
  probeUntilOf,
  readCell,
  refusedNeedOf,
  slotCell,
  slotFlags,
} from './cooldown-cells.ts';
import { generationOf, type KeyTable } from './key-table.ts';
import { limitCell } from './limit-cells.ts';
import { carryCounts } from './limit-counts.ts';
import { dimensionInTag, sourceInTag } from './limit-tag.ts';
import { declareLimits } from './observe-limits.ts';
import type { KeyPlan, ScopePlan } from './plan.ts';
import { QUANTITIES, QUANTITY } from './quantity.ts';
import { rampAtIn, rampMsIn } from './ramp-cell.ts';
import { currentSendSequence, startSendSequence } from './send-sequence.ts';
import type { CooldownChange } from './status.ts';
import {
  BLOCK,
  ENDPOINT_CELL,
  FLAG,
  HEADER,
  KEY_CELL,
  LIMIT,
  LIMIT_SLOTS,
  SLOT,
  STATS,
  WINDOW_CELLS,
} from './table-layout.ts';

/**
 * What is sent through the old table while workers move over one by one still draws its sequence; the new one starts beyond anything
 * that can draw, so that the order between the two is the order of the tables.
 */
const SEQUENCE_GAP = 2 ** 20;

/**
 * Fills the table of a new snapshot, before any worker has it, from the one it succeeds: cooldowns with their strikes, counters and
 * windows, by the names of scopes, keys and pools. What was learned about a credential that was replaced, or about a provider that has
 * another base URL now, ends; that is returned. Requests in flight stay accounted in the old table.
 */
export function copyTable(from: KeyTable, to: KeyTable): CooldownChange[] {
  const ended: CooldownChange[] = [];
  const moved = movedProviders(from.plan, to.plan);
  for (const scope of from.plan.scopes) {
    const target = to.plan.scopeById.get(scope.id);
    if (target === undefined) continue;
    const same = target.fingerprint === scope.fingerprint && !moved.has(scope.provider);
    if (same) copyScope(from, to, { scope, target });
    else ended.push(...endedIn(from, scope));
  }
  declareLimits(to, 0);
  copyCounters(from, to);
  copyWindows(from, to, moved);
  carryCounts(from, to);
  startSendSequence(to.ints, currentSendSequence(from.ints) + SEQUENCE_GAP);
  Atomics.store(to.ints, HEADER.generation, generationOf(from) + 1);
  return ended;
}

function movedProviders(before: KeyPlan, after: KeyPlan): ReadonlySet<string> {
  const urls = new Map(before.endpoints.map(({ provider }) => [provider.id, provider.baseUrl]));
  const moved = after.endpoints.filter(
    ({ provider }) => urls.get(provider.id) !== provider.baseUrl,
  );
  return new Set(moved.map(({ provider }) => provider.id));
}

function copyScope(
  from: KeyTable,
  to: KeyTable,
  pair: { readonly scope: ScopePlan; readonly target: ScopePlan },
): void {
  const { scope, target } = pair;
  copySlots(from, to, pair);
  for (const section of SCOPE_SECTIONS) {
    to.cells[to.layout[section] + target.index] = readCell(
      from,
      from.layout[section] + scope.index,
    );
  }
  const endpoint = endpointCell(to, target.endpoint, 0);
  for (let slot = target.firstSlot; slot < target.firstSlot + target.slots; slot += 1) {
    const cell = slotCell(to, slot);
    // An attempt that looks whether a cooldown is over is settled in the old table, and what it finds is told here.
    to.cells[cell + SLOT.probeSeq] = 0;
    if (probeUntilOf(to, cell) > 0) to.cells[cell + SLOT.bound] = 0;
    raiseCell(to, endpoint + ENDPOINT_CELL.coolingUntil, readCell(to, cell + SLOT.endsAt));
    if ((slotFlags(to, slot) & FLAG.halfOpen) !== 0) {
      const halfOpen = endpoint + ENDPOINT_CELL.halfOpen;
      to.cells[halfOpen] = readCell(to, halfOpen) + 1;
    }
  }
  const ramp = readCell(to, to.layout.scopeRamps + target.index);
  raiseCell(to, endpoint + ENDPOINT_CELL.rampUntil, rampAtIn(ramp) + rampMsIn(ramp));
  if (scope.block >= 0 && target.block >= 0) copyBlock(from, scope.block, to, target.block);
}

const SCOPE_SECTIONS = ['scopeEnds', 'scopeClears', 'scopeRamps'] as const;

/**
 * A node that has one key now needs fewer places than one that had several. The cooldowns that end last are kept then; the last of
 * them stands for the others, and binds whatever one of them bound.
 */
function copySlots(
  from: KeyTable,
  to: KeyTable,
  { scope, target }: { readonly scope: ScopePlan; readonly target: ScopePlan },
): void {
  const slots = Array.from({ length: scope.slots }, (_, at) => slotCell(from, scope.firstSlot + at))
    .filter((cell) => readCell(from, cell + SLOT.endsAt) > 0)
    .toSorted((one, other) => readCell(from, other) - readCell(from, one));
  for (const [at, cell] of slots.slice(0, target.slots).entries()) {
    to.cells.set(from.cells.subarray(cell, cell + SLOT.cells), slotCell(to, target.firstSlot + at));
  }
  const last = slotCell(to, target.firstSlot + target.slots - 1);
  for (const cell of slots.slice(target.slots)) {
    to.cells[last + SLOT.bound] = Math.min(refusedNeedOf(to, last), refusedNeedOf(from, cell));
  }
}

function raiseCell(table: KeyTable, cell: number, value: number): void {
  if (readCell(table, cell) < value) table.cells[cell] = value;
}

/**
 * Limits with what was learned of them. What open attempts may still be charged is taken for charged, since they settle in the old
 * table. A limit that only was declared ends with its declaration.
 */
function copyBlock(from: KeyTable, block: number, to: KeyTable, target: number): void {
  const source = from.layout.blocks + block * BLOCK.cells;
  const first = to.layout.blocks + target * BLOCK.cells;
  const declared = to.cells.slice(first + BLOCK.limits, first + BLOCK.cells);
  to.cells.set(from.cells.subarray(source, source + BLOCK.limits), first);
  for (let quantity = 0; quantity < QUANTITIES; quantity += 1) {
    const open = readCell(from, source + BLOCK.open + quantity);
    const used = first + BLOCK.used + quantity;
    if (quantity !== QUANTITY.places) to.cells[used] = readCell(to, used) + open;
    to.cells[first + BLOCK.open + quantity] = 0;
  }
  to.cells.fill(0, first + BLOCK.limits, first + BLOCK.cells);
  if (readCell(from, source + BLOCK.limits + LIMIT.tag) === 0) {
    // No limit is known: what was learned lies where limits would.
    const learned = from.cells.subarray(source + BLOCK.limits, source + BLOCK.cells);
    to.cells.set(learned, first + BLOCK.limits);
    return;
  }
  let place = 0;
  for (let old = 0; old < LIMIT_SLOTS; old += 1) {
    const cell = limitCell(source, old);
    const tag = readCell(from, cell + LIMIT.tag);
    const ends = sourceInTag(tag) === 'config' && !declares(declared, dimensionInTag(tag));
    if (tag === 0 || ends) continue;
    to.cells.set(from.cells.subarray(cell, cell + LIMIT.cells), limitCell(first, place));
    place += 1;
  }
}

/** Whether a block as it was initialized has a limit of this dimension. */
function declares(limits: Float64Array, dimension: number): boolean {
  for (let place = 0; place < LIMIT_SLOTS; place += 1) {
    const tag = limits[place * LIMIT.cells + LIMIT.tag] ?? 0;
    if (tag !== 0 && dimensionInTag(tag) === dimension) return true;
  }
  return false;
}

function endedIn(from: KeyTable, scope: ScopePlan): CooldownChange[] {
  const ended: CooldownChange[] = [];
  for (let slot = scope.firstSlot; slot < scope.firstSlot + scope.slots; slot += 1) {
    const cell = slotCell(from, slot);
    if (readCell(from, cell + SLOT.endsAt) === 0) continue;
    const zero = { now: 0, wallNow: 0 };
    const change = changeOf(from, scope.index, zero, (of) => readCell(from, cell + of));
    if (change !== null) ended.push({ ...change, action: 'cleared', endsAt: 0 });
  }
  return ended;
}

function copyCounters(from: KeyTable, to: KeyTable): void {
  const targets = new Map(to.plan.keys.map((entry) => [scopeIdOf(to.plan, entry.scopes), entry]));
  for (const entry of from.plan.keys) {
    const target = targets.get(scopeIdOf(from.plan, entry.scopes));
    if (target === undefined) continue;
    const source = from.layout.keys + entry.index * KEY_CELL.cells;
    to.cells.set(
      from.cells.subarray(source, source + KEY_CELL.inFlight),
      to.layout.keys + target.index * KEY_CELL.cells,
    );
  }
}

const scopeIdOf = (plan: KeyPlan, scopes: readonly number[]): string =>
  plan.scopes[scopes[0] ?? -1]?.id ?? '';

/** Endpoints' counters, breakers and retry budgets. The run of refused credentials starts anew: it names places of the old plan. */
function copyWindows(from: KeyTable, to: KeyTable, moved: ReadonlySet<string>): void {
  const endpoints = new Map(to.plan.endpoints.map((each) => [each.provider.id, each.index]));
  for (const { provider, index } of from.plan.endpoints) {
    const target = endpoints.get(provider.id);
    if (target === undefined) continue;
    for (const cell of [ENDPOINT_CELL.implausible, ENDPOINT_CELL.stale, ENDPOINT_CELL.successSeq]) {
      to.cells[endpointCell(to, target, cell)] = readCell(from, endpointCell(from, index, cell));
    }
  }
  const breakers = breakersOf(to.plan, moved);
  for (const [id, breaker] of breakersOf(from.plan, moved)) {
    const target = breakers.get(id);
    if (target === undefined) continue;
    const { layout } = to;
    copyWindow(
      from,
      from.layout.breakers + breaker * WINDOW_CELLS,
      to,
      layout.breakers + target * WINDOW_CELLS,
    );
    const stats = from.layout.stats + breaker * STATS.cells;
    to.cells.set(
      from.cells.subarray(stats, stats + STATS.cells),
      layout.stats + target * STATS.cells,
    );
  }
  const pools = poolWindowsOf(to.plan);
  for (const [id, window] of poolWindowsOf(from.plan)) copyWindow(from, window, to, pools.get(id));
}

/** Places of the breakers by the name of endpoint×model. */
function breakersOf(plan: KeyPlan, moved: ReadonlySet<string>): ReadonlyMap<string, number> {
  return new Map(
    plan.candidates
      .filter(({ provider }) => !moved.has(provider.id))
      .map(({ provider, model, breaker }) => [JSON.stringify([provider.id, model]), breaker]),
  );
}

function poolWindowsOf(plan: KeyPlan): ReadonlyMap<string, number> {
  return new Map(
    [...plan.pools].map(([id, { index }]) => [id, plan.layout.pools + index * WINDOW_CELLS]),
  );
}

function copyWindow(
  from: KeyTable,
  window: number,
  to: KeyTable,
  target: number | undefined,
): void {
  if (target === undefined) return;
  to.cells.set(from.cells.subarray(window, window + WINDOW_CELLS), target);
}
