import type { KeyTable } from './key-table.ts';
import type { ScopePlan } from './plan.ts';
import { commit, lockRecord, unlockRecord } from './table-journal.ts';

/** A scope's record, then its endpoint's, which keeps the latest end. `tries`: how often a busy one is tried, about 1 ms each time. */
export function lockScope(table: KeyTable, scope: ScopePlan, tries: number): boolean {
  const endpoint = table.plan.nodes.length + scope.endpoint;
  for (let turn = 0; turn < tries; turn += 1) {
    if (lockRecord(table, scope.record)) {
      if (scope.record === endpoint || lockRecord(table, endpoint)) return true;
      unlockRecord(table, scope.record);
    }
  }
  return false;
}

export function unlockScope(table: KeyTable, scope: ScopePlan): void {
  const endpoint = table.plan.nodes.length + scope.endpoint;
  commit(table);
  if (scope.record !== endpoint) unlockRecord(table, endpoint);
  unlockRecord(table, scope.record);
}
