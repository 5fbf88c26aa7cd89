import { changeOf } from './cooldown-changes.ts';
import { endpointCell, readCell, slotCell } from './cooldown-cells.ts';
import { generationOf, type KeyTable } from './key-table.ts';
import type { KeyPlan, ScopePlan } from './plan.ts';
import { currentSendSequence, startSendSequence } from './send-sequence.ts';
import type { CooldownChange } from './status.ts';
import { ENDPOINT_CELL, HEADER, KEY_CELL, SLOT, WINDOW_CELLS } from './table-layout.ts';

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
  copyCounters(from, to);
  copyWindows(from, to, moved);
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
  const source = slotCell(from, scope.firstSlot);
  const cells = from.cells.subarray(source, source + scope.slots * SLOT.cells);
  to.cells.set(cells, slotCell(to, target.firstSlot));
  const endsAt = readCell(from, from.layout.scopeEnds + scope.index);
  to.cells[to.layout.scopeEnds + target.index] = endsAt;
  const clears = readCell(from, from.layout.scopeClears + scope.index);
  to.cells[to.layout.scopeClears + target.index] = clears;
  const cooling = endpointCell(to, target.endpoint, ENDPOINT_CELL.coolingUntil);
  to.cells[cooling] = Math.max(readCell(to, cooling), endsAt);
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
      from.cells.subarray(source, source + KEY_CELL.cells),
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
  for (const [id, window] of breakersOf(from.plan, moved))
    copyWindow(from, window, to, breakers.get(id));
  const pools = poolWindowsOf(to.plan);
  for (const [id, window] of poolWindowsOf(from.plan)) copyWindow(from, window, to, pools.get(id));
}

/** First cells of the breakers' windows by the name of endpoint×group. */
function breakersOf(plan: KeyPlan, moved: ReadonlySet<string>): ReadonlyMap<string, number> {
  return new Map(
    plan.candidates
      .filter(({ provider }) => !moved.has(provider.id))
      .map(({ provider, model, breaker }) => [
        JSON.stringify([provider.id, model]),
        plan.layout.breakers + breaker * WINDOW_CELLS,
      ]),
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
