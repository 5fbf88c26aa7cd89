import {
  classIn,
  classOf,
  dimensionIn,
  dimensionOf,
  flagsIn,
  strikesIn,
} from './cooldown-codes.ts';
import { NOTED, type KeyTable } from './key-table.ts';
import type { CooldownChange } from './status.ts';
import { FLAG, SLOT } from './table-layout.ts';

/** The two clocks of one instant. */
export interface Instant {
  /** Monotonic milliseconds shared by the threads of the node. */
  readonly now: number;
  /** Epoch milliseconds. */
  readonly wallNow: number;
}

/** What the last transactions changed, as it is persisted and told to others; `evidence` goes with what was set. */
export function takeChanges(table: KeyTable, at: Instant, evidence: string): CooldownChange[] {
  const changes: CooldownChange[] = [];
  for (let entry = 0; entry < table.notedCount; entry += 1) {
    const from = entry * NOTED.cells;
    const slot = from + NOTED.slot;
    const scope = table.noted[from + NOTED.scope] ?? 0;
    const cleared = table.noted[from + NOTED.cleared] === 1;
    const change = changeOf(table, scope, at, (cell) => table.noted[slot + cell] ?? 0);
    if (change !== null) {
      changes.push(
        cleared
          ? clearedBy(change, flagsIn(table.noted[slot + SLOT.what] ?? 0))
          : { ...change, evidence },
      );
    }
  }
  table.notedCount = 0;
  return changes;
}

function clearedBy(change: CooldownChange, flags: number): CooldownChange {
  const cleared: CooldownChange = { ...change, action: 'cleared', endsAt: 0, evidence: '' };
  return (flags & FLAG.suspended) === 0 ? cleared : { ...cleared, setAside: true };
}

/**
 * A slot's content as a change; `cell` reads it. What a balance still pays for outlives a restart; of a window, the numbers that showed
 * that smaller needs fit do not.
 */
export function changeOf(
  table: KeyTable,
  scopeIndex: number,
  at: Instant,
  cell: (of: number) => number,
): CooldownChange | null {
  const scope = table.plan.scopes[scopeIndex];
  if (scope === undefined) return null;
  const what = cell(SLOT.what);
  const of = classOf(classIn(what));
  const refusedNeed = of === 'funds_exhausted' ? Math.max(0, cell(SLOT.bound)) : 0;
  return {
    action: 'set',
    scopeId: scope.id,
    scope: scope.kind,
    class: of,
    dimension: dimensionOf(dimensionIn(what)),
    endsAt: at.wallNow + (cell(SLOT.endsAt) - at.now),
    authoritative: (flagsIn(what) & FLAG.authoritative) !== 0,
    strikes: strikesIn(what),
    evidence: '',
    ...(refusedNeed === 0 ? {} : { refusedNeed }),
    ...(scope.fingerprint === null ? {} : { fingerprint: scope.fingerprint }),
  };
}
