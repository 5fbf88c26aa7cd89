import { clearedByHandIn } from './clear-cell.ts';
import type { Instant } from './cooldown-changes.ts';
import {
  closeClearing,
  isAbout,
  raiseEnd,
  readCell,
  refusedNeedOf,
  slotAbout,
  slotCell,
  soonestSlot,
  wipeSlot,
  writeWhat,
} from './cooldown-cells.ts';
import {
  classCode,
  dimensionCode,
  flagsIn,
  identityOf,
  packWhat,
  strikesIn,
} from './cooldown-codes.ts';
import { isHalfOpen, LONGEST_MS } from './cooldown-terms.ts';
import type { KeyTable, Unplaced } from './key-table.ts';
import type { ScopePlan } from './plan.ts';
import { lockScope, unlockScope } from './scope-lock.ts';
import { currentSendSequence } from './send-sequence.ts';
import type { CooldownChange } from './status.ts';
import { FLAG, SLOT } from './table-layout.ts';
import { write } from './table-journal.ts';

/** A record that stays busy longer is come back to: callers are in the middle of a request. */
const TRIES = 1;

/**
 * Puts cooldowns back that were persisted, or set on another table or node. Later ends win; what has ended, what names an unknown
 * scope and what was about another credential is left out. A cleared row ends a cooldown that was only a guess. What finds its record
 * busy waits in the table's handle for `placeAgain`, and so does all that comes after it about the same scope.
 */
export function restoreCooldowns(
  table: KeyTable,
  rows: readonly CooldownChange[],
  { now, wallNow }: Instant,
): void {
  if (table.unplaced.length > 0) placeAgain(table);
  for (const row of rows) {
    const scope = scopeOf(table, row);
    if (scope === null) continue;
    const clears = clearsOf(table, scope);
    const restored = { row, now, wallNow, clears };
    if (comesAfter(table, row) || !place(table, scope, restored)) wait(table, restored);
  }
  table.notedCount = 0;
}

/**
 * The same, as far as it can be done at once, for a thread that may end before it could come back to the rest. That is returned, in
 * its order, for the `placeAgain` of one that stays: what found its record busy, and all that ends a guess, so that it comes after
 * what it ends.
 */
export function bindAtOnce(
  table: KeyTable,
  rows: readonly CooldownChange[],
  { now, wallNow }: Instant,
): readonly Unplaced[] {
  const left: Unplaced[] = [];
  for (const row of rows) {
    const scope = scopeOf(table, row);
    if (scope === null) continue;
    const restored = { row, now, wallNow, clears: clearsOf(table, scope) };
    if (row.action === 'cleared' || !place(table, scope, restored)) left.push(restored);
  }
  table.notedCount = 0;
  return left;
}

/**
 * Tries again what found its record busy: to be called now and then until nothing is left in `unplaced`. `waiting` is what waited in a
 * table that this one has succeeded, or what another thread left behind with what waits here already before it. What the scope was
 * cleared of meanwhile is not put back.
 */
export function placeAgain(
  table: KeyTable,
  waiting: readonly Unplaced[] = table.unplaced.splice(0),
): void {
  const busy = new Set<number>();
  for (const restored of waiting) {
    const scope = scopeOf(table, restored.row);
    if (scope === null || isOver(table, scope, restored)) continue;
    if (!busy.has(scope.record) && place(table, scope, restored)) continue;
    busy.add(scope.record);
    wait(table, restored);
  }
  table.notedCount = 0;
}

/** The scope a row is about; null where it is unknown or another credential's by now. */
function scopeOf(table: KeyTable, { scopeId, fingerprint }: CooldownChange): ScopePlan | null {
  const scope = table.plan.scopeById.get(scopeId);
  if (scope === undefined) return null;
  const same =
    fingerprint === undefined || scope.fingerprint === null || scope.fingerprint === fingerprint;
  return same ? scope : null;
}

/** False, with nothing done, when the record stays busy. */
function place(table: KeyTable, scope: ScopePlan, restored: Unplaced): boolean {
  const { row, now } = restored;
  const leftMs = Math.min(row.endsAt - restored.wallNow, LONGEST_MS);
  if (row.action === 'set' && !(leftMs > 0)) return true;
  if (!lockScope(table, scope, TRIES)) return false;
  const slot = slotAbout(table, scope, identityOf(scope.kind, row.class, row.dimension));
  if (row.action === 'set') {
    const at = slot < 0 ? soonestSlot(table, scope) : slot;
    restoreSlot(table, scope, at, { row, now, leftMs });
  } else if (slot >= 0) endGuess(table, scope, slot, restored);
  unlockScope(table, scope);
  return true;
}

/** Rows about one scope keep their order: what one has cleared, an earlier one must not set afterwards. */
const comesAfter = (table: KeyTable, { scopeId }: CooldownChange): boolean =>
  table.unplaced.length > 0 && table.unplaced.some(({ row }) => row.scopeId === scopeId);

/** What is said twice is kept once, with the later end, so that no more waits than there are cooldowns that come and go. */
function wait(table: KeyTable, restored: Unplaced): void {
  const { unplaced } = table;
  const last = unplaced.findLastIndex(({ row }) => isSameCooldown(row, restored.row));
  const before = unplaced[last];
  const repeats =
    before !== undefined &&
    before.row.action === restored.row.action &&
    before.clears === restored.clears &&
    before.row.authoritative === restored.row.authoritative;
  if (!repeats) unplaced.push(restored);
  else if (endOf(restored) > endOf(before)) unplaced[last] = restored;
}

const isSameCooldown = (one: CooldownChange, other: CooldownChange): boolean =>
  one.scopeId === other.scopeId && one.class === other.class && one.dimension === other.dimension;

/** On the node's own clock; of what ends a cooldown, when that was. */
const endOf = ({ row, now, wallNow }: Unplaced): number =>
  row.action === 'set' ? now + row.endsAt - wallNow : now;

const clearsOf = (table: KeyTable, scope: ScopePlan): number =>
  readCell(table, table.layout.scopeClears + scope.index);

/**
 * Whether something later has overruled what waits: the scope was cleared by hand, or of guesses by a success; or what is to be cleared
 * was set again.
 */
function isOver(table: KeyTable, scope: ScopePlan, { row, now, clears }: Unplaced): boolean {
  if (row.action === 'set') {
    const since = clearsOf(table, scope);
    return row.authoritative ? clearedByHandIn(since) > clearedByHandIn(clears) : since > clears;
  }
  const slot = slotAbout(table, scope, identityOf(scope.kind, row.class, row.dimension));
  return slot >= 0 && readCell(table, slotCell(table, slot) + SLOT.setAt) > now;
}

function restoreSlot(
  table: KeyTable,
  scope: ScopePlan,
  slot: number,
  to: { readonly row: CooldownChange; readonly now: number; readonly leftMs: number },
): void {
  const cell = slotCell(table, slot);
  const { row, now, leftMs } = to;
  const before = readCell(table, cell + SLOT.endsAt);
  if (before >= now + leftMs) return;
  const refusedNeed = row.refusedNeed ?? 0;
  const bound = before > now ? Math.min(refusedNeedOf(table, cell), refusedNeed) : refusedNeed;
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
  write(table, cell + SLOT.bound, bound);
  write(table, cell + SLOT.setSeq, currentSendSequence(table.ints));
  write(table, cell + SLOT.setAt, now);
  raiseEnd(table, scope.index, slot, now + leftMs);
}

/** What has taken the place of the one that ended stays. */
function endGuess(table: KeyTable, scope: ScopePlan, slot: number, { row, now }: Unplaced): void {
  const what = readCell(table, slotCell(table, slot) + SLOT.what);
  const of = { class: classCode(row.class), dimension: dimensionCode(row.dimension) };
  if (!isAbout(what, of) || (flagsIn(what) & FLAG.authoritative) !== 0) return;
  wipeSlot(table, scope.index, slot, now);
  closeClearing(table, scope.index, 0);
}
