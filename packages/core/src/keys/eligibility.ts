import { endpointCell, readCell, slotBinds } from './cooldown-cells.ts';
import type { KeyTable } from './key-table.ts';
import type { Need } from './need.ts';
import type { Candidate } from './plan.ts';
import { ENDPOINT_CELL } from './table-layout.ts';

/** Whether nothing that is cooled binds this candidate now. Without a need, every cooldown does. */
export function isEligible(
  table: KeyTable,
  candidate: Candidate,
  now: number,
  need?: Need,
): boolean {
  const endpoint = endpointCell(table, candidate.endpoint, 0);
  const cooling = readCell(table, endpoint + ENDPOINT_CELL.coolingUntil) > now;
  if (!cooling && readCell(table, endpoint + ENDPOINT_CELL.halfOpen) === 0) return true;
  const { scopes } = candidate;
  for (let at = 0; at < scopes.length; at += 1) {
    if (scopeBinds(table, scopes[at] ?? 0, now, need)) return false;
  }
  return true;
}

function scopeBinds(table: KeyTable, scopeIndex: number, now: number, need?: Need): boolean {
  if (!(readCell(table, table.layout.scopeEnds + scopeIndex) > now)) return false;
  const scope = table.plan.scopes[scopeIndex];
  if (scope === undefined) return false;
  for (let at = 0; at < scope.slots; at += 1) {
    if (slotBinds(table, scope.firstSlot + at, now, need)) return true;
  }
  return false;
}

/** Calls `each` for every cooldown slot that binds a request of this need in a scope now; without a need, for every one. */
export function forEachBinding(
  table: KeyTable,
  scopeIndex: number,
  { now, need }: { readonly now: number; readonly need?: Need | undefined },
  each: (slot: number) => void,
): void {
  if (!(readCell(table, table.layout.scopeEnds + scopeIndex) > now)) return;
  const scope = table.plan.scopes[scopeIndex];
  if (scope === undefined) return;
  for (let at = 0; at < scope.slots; at += 1) {
    if (slotBinds(table, scope.firstSlot + at, now, need)) each(scope.firstSlot + at);
  }
}
