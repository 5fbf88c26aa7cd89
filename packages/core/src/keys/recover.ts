import { copyTable } from './carry-over.ts';
import {
  classCode,
  classIn,
  classOf,
  dimensionCode,
  identityOf,
  packWhat,
  strikesIn,
} from './cooldown-codes.ts';
import { changeOf, takeChanges, type Instant } from './cooldown-changes.ts';
import {
  closeClearing,
  closeClearingByHand,
  raiseEnd,
  readCell,
  slotCell,
  slotAbout,
  slotFlags,
  slotStands,
  soonestSlot,
  wipeSlot,
  writeWhat,
} from './cooldown-cells.ts';
import { isHalfOpen, LONGEST_MS } from './cooldown-terms.ts';
import { forgetLimits } from './forget-limits.ts';
import { openKeyTable, writersIn, type KeyTable } from './key-table.ts';
import { returnLeases } from './return-leases.ts';
import type { KeyPlan, ScopePlan } from './plan.ts';
import { nodeCell } from './limit-cells.ts';
import { currentSendSequence } from './send-sequence.ts';
import type { CooldownChange } from './status.ts';
import { FLAG, NODE_CELL, SLOT } from './table-layout.ts';
import type { VerdictClass } from './verdict.ts';
import { commit, lockRecord, undoWorker, unlockRecord, write } from './table-journal.ts';

/** How often an operator's command tries a busy record again, about 1 ms each time. */
const PATIENT_TRIES = 20;

/** What a dead worker left behind, put in order. */
export interface RecoveryReport {
  readonly worker: number;
  readonly locksReleased: number;
  readonly cellsRestored: number;
  /** Places in flight that it held. */
  readonly leasesReturned: number;
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
  const leasesReturned = returnLeases(table, worker);
  return { worker, leasesReturned, ...undone };
}

/**
 * Puts cooldowns back that were persisted, or set on another table or node. Later ends win; what has ended, what names an unknown
 * scope and what was about another credential is left out. A cleared row ends a cooldown that was only a guess.
 */
export function restoreCooldowns(
  table: KeyTable,
  rows: readonly CooldownChange[],
  at: Instant,
): void {
  for (const row of rows) {
    const scope = table.plan.scopeById.get(row.scopeId);
    if (scope === undefined || !sameCredential(scope, row.fingerprint)) continue;
    const leftMs = Math.min(row.endsAt - at.wallNow, LONGEST_MS);
    if (row.action === 'set' && !(leftMs > 0)) continue;
    if (!lockScope(table, scope)) continue;
    const slot = slotAbout(table, scope, identityOf(scope.kind, row.class, row.dimension));
    if (row.action === 'set') {
      const place = slot < 0 ? soonestSlot(table, scope) : slot;
      restoreSlot(table, scope, place, { row, now: at.now, leftMs });
    } else if (slot >= 0) endGuess(table, scope, slot, at.now);
    unlockScope(table, scope);
  }
  table.notedCount = 0;
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
    if (!lockScope(table, scope)) continue;
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

function restoreSlot(
  table: KeyTable,
  scope: ScopePlan,
  slot: number,
  to: { readonly row: CooldownChange; readonly now: number; readonly leftMs: number },
): void {
  const cell = slotCell(table, slot);
  const { row, now, leftMs } = to;
  if (readCell(table, cell + SLOT.endsAt) >= now + leftMs) return;
  const flags =
    (row.authoritative ? FLAG.authoritative : 0) |
    (isHalfOpen(row.class, row.authoritative) ? FLAG.halfOpen : 0);
  writeWhat(
    table,
    scope.index,
    slot,
    packWhat(
      classCode(row.class),
      dimensionCode(row.dimension),
      flags,
      Math.max(row.strikes, strikesIn(readCell(table, cell + SLOT.what))),
    ),
  );
  write(table, cell + SLOT.bound, 0);
  write(table, cell + SLOT.setSeq, currentSendSequence(table.ints));
  write(table, cell + SLOT.setAt, now);
  raiseEnd(table, scope.index, slot, now + leftMs);
}

function endGuess(table: KeyTable, scope: ScopePlan, slot: number, now: number): void {
  if ((slotFlags(table, slot) & FLAG.authoritative) !== 0) return;
  wipeSlot(table, scope.index, slot, now);
  closeClearing(table, scope.index, 0);
}

/** A scope's record, then its endpoint's, which keeps the latest end. */
function lockScope(table: KeyTable, scope: ScopePlan): boolean {
  const endpoint = table.plan.nodes.length + scope.endpoint;
  for (let turn = 0; turn < PATIENT_TRIES; turn += 1) {
    if (lockRecord(table, scope.record)) {
      if (scope.record === endpoint || lockRecord(table, endpoint)) return true;
      unlockRecord(table, scope.record);
    }
  }
  return false;
}

function unlockScope(table: KeyTable, scope: ScopePlan): void {
  const endpoint = table.plan.nodes.length + scope.endpoint;
  commit(table);
  if (scope.record !== endpoint) unlockRecord(table, endpoint);
  unlockRecord(table, scope.record);
}

const sameCredential = (scope: ScopePlan, fingerprint: string | undefined): boolean =>
  fingerprint === undefined || scope.fingerprint === null || scope.fingerprint === fingerprint;
