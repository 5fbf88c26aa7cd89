import { copyTable } from './carry-over.ts';
import { classIn, classOf } from './cooldown-codes.ts';
import { changeOf, takeChanges, type Instant } from './cooldown-changes.ts';
import { closeClearingByHand, readCell, slotCell, slotStands, wipeSlot } from './cooldown-cells.ts';
import { forgetLimits } from './forget-limits.ts';
import { openKeyTable, writersIn, type KeyTable } from './key-table.ts';
import { returnLeases } from './return-leases.ts';
import type { KeyPlan, ScopePlan } from './plan.ts';
import { nodeCell } from './limit-cells.ts';
import { lockScope, unlockScope } from './scope-lock.ts';
import { currentSendSequence } from './send-sequence.ts';
import type { CooldownChange } from './status.ts';
import { NODE_CELL, SLOT } from './table-layout.ts';
import type { VerdictClass } from './verdict.ts';
import { undoWorker, write } from './table-journal.ts';

/** How often an operator's command tries a busy record again, about 1 ms each time. */
const PATIENT_TRIES = 20;

/** What a dead worker left behind, put in order. */
export interface RecoveryReport {
  readonly worker: number;
  readonly locksReleased: number;
  readonly cellsRestored: number;
  /** Places in flight that it held. */
  readonly leasesReturned: number;
  /** What could not be given back yet, of it and of others before it; see `returnOrphans`. */
  readonly orphans: number;
}

/**
 * Puts the table in order after a worker's thread has ended: undoes what it had begun to write, releases its locks, returns what it
 * held in flight and of limits, frees what it was looking at. Only on the main thread, after the worker's exit and before its successor opens the table; once for each table the
 * worker had open.
 */
export function recoverWorker(
  plan: KeyPlan,
  buffer: ArrayBuffer | SharedArrayBuffer,
  worker: number,
): RecoveryReport {
  const table = openKeyTable(plan, buffer, { worker: 0, epoch: 0 });
  if (worker < 1 || worker >= writersIn(table)) {
    throw new RangeError(`There is no worker ${worker} to recover.`);
  }
  const undone = undoWorker(table, worker);
  const { held, orphans } = returnLeases(table, worker);
  return { worker, leasesReturned: held, orphans, ...undone };
}

/** Every cooldown in force, as rows to persist. */
export function listCooldowns(table: KeyTable, at: Instant): CooldownChange[] {
  const rows: CooldownChange[] = [];
  for (const scope of table.plan.scopes) {
    for (let slot = scope.firstSlot; slot < scope.firstSlot + scope.slots; slot += 1) {
      if (!slotStands(table, slot, at.now)) continue;
      const cell = slotCell(table, slot);
      const row = changeOf(table, scope.index, at, (of) => readCell(table, cell + of));
      if (row !== null) rows.push(row);
    }
  }
  return rows;
}

/** Which cooldowns are to end; what is left out does not narrow it down. */
export interface ClearFilter {
  readonly provider?: string;
  /** Everything that binds this key, its domain's and its endpoint's cooldowns included. */
  readonly key?: string;
  readonly scopeId?: string;
  readonly class?: VerdictClass;
}

/**
 * Ends cooldowns before their time: everything that binds one key, or a provider's, or all, or one single cooldown; and with what a
 * hand ended, what else was concluded from answers: whoever clears knows better what is left. Failures of attempts that were sent before set nothing afterwards. Scopes that
 * stay locked are left out; what was cleared is returned.
 */
export function clearCooldowns(
  table: KeyTable,
  filter: ClearFilter,
  at: Instant,
): CooldownChange[] {
  const changes: CooldownChange[] = [];
  for (const scope of scopesOf(table.plan, filter)) {
    if (!lockScope(table, scope, PATIENT_TRIES)) continue;
    for (let slot = scope.firstSlot; slot < scope.firstSlot + scope.slots; slot += 1) {
      const of = classOf(classIn(readCell(table, slotCell(table, slot) + SLOT.what)));
      if (filter.class === undefined || filter.class === of)
        wipeSlot(table, scope.index, slot, at.now);
    }
    closeClearingByHand(table, scope.index, currentSendSequence(table.ints));
    // A free check found one thing out; only a hand forgets all that was concluded.
    if (filter.class === undefined) forgetGuesses(table, scope, at.now);
    unlockScope(table, scope);
    changes.push(...takeChanges(table, at, ''));
  }
  return changes;
}

/**
 * Fills the table of a new snapshot, before any worker has it, from the one it succeeds, by id: cooldowns with their strikes, counters
 * and windows. What was learned about a credential that was replaced, or about a provider at another base URL, ends and is returned as
 * cleared. Requests in flight stay accounted in the old table, and settling them there tells what to put into the new one.
 */
export function carryOver(from: KeyTable, to: KeyTable): CooldownChange[] {
  return copyTable(from, to);
}

/** What else was concluded from answers: a slow return, a cap, limits and what is left of them. */
function forgetGuesses(table: KeyTable, scope: ScopePlan, now: number): void {
  write(table, table.layout.scopeRamps + scope.index, 0);
  if (scope.kind === 'node') {
    write(table, nodeCell(table, scope.record, NODE_CELL.cap), 0);
  }
  if (scope.block >= 0) forgetLimits(table, scope.block, now);
}

function scopesOf(plan: KeyPlan, filter: ClearFilter): readonly ScopePlan[] {
  const { provider, key, scopeId } = filter;
  if (scopeId !== undefined) {
    const scope = plan.scopeById.get(scopeId);
    return scope === undefined ? [] : [scope];
  }
  if (key === undefined) {
    return plan.scopes.filter((scope) => provider === undefined || scope.provider === provider);
  }
  const bound = new Set(
    plan.keys
      .filter((entry) => entry.key.id === key)
      .filter((entry) => provider === undefined || entry.provider.id === provider)
      .flatMap((entry) => entry.scopes),
  );
  return plan.scopes.filter((scope) => bound.has(scope.index));
}
