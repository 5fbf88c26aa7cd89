import { readCell, refusedNeedOf, slotCell, slotClass, slotStands } from './cooldown-cells.ts';
import { classCode, dimensionIn } from './cooldown-codes.ts';
import type { KeyTable } from './key-table.ts';
import type { Need } from './need.ts';
import type { Candidate } from './plan.ts';
import { quantityOfCode } from './quantity.ts';
import { SLOT } from './table-layout.ts';
import { write } from './table-journal.ts';

const OF_LIMITS: ReadonlySet<number> = new Set([
  classCode('window_exhausted_short'),
  classCode('window_exhausted_long'),
]);

/**
 * A refusal said that less than some need was left. What attempts give back since, because they used less than they were charged on
 * arrival, is there again: from then on the cooldown speaks of needs larger by as much. It ends no earlier for that. Under the locks of
 * the candidate's domain and endpoint.
 */
export function raiseBounds(
  table: KeyTable,
  candidate: Candidate,
  settled: { readonly need: Need; readonly charged: readonly number[]; readonly now: number },
): void {
  const { now } = settled;
  for (const index of candidate.scopes) {
    const scope = table.plan.scopes[index];
    if (scope === undefined || !(readCell(table, table.layout.scopeEnds + index) > now)) continue;
    for (let slot = scope.firstSlot; slot < scope.firstSlot + scope.slots; slot += 1) {
      if (slotStands(table, slot, now)) raiseBound(table, slot, settled);
    }
  }
}

function raiseBound(
  table: KeyTable,
  slot: number,
  { need, charged }: { readonly need: Need; readonly charged: readonly number[] },
): void {
  const cell = slotCell(table, slot);
  const bound = refusedNeedOf(table, cell);
  if (bound === 0 || !OF_LIMITS.has(slotClass(table, slot))) return;
  const quantity = quantityOfCode(dimensionIn(readCell(table, cell + SLOT.what)));
  const upfront = (need.total[quantity] ?? 0) - (need.late[quantity] ?? 0);
  const given = upfront - (charged[quantity] ?? 0);
  if (given > 0) write(table, cell + SLOT.bound, bound + given);
}
