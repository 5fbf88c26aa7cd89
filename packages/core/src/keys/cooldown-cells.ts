import { classCode, DIMENSIONS } from './cooldown-codes.ts';
import { lengthOf, type CooldownTerms } from './cooldown-terms.ts';
import { NOTED, type KeyTable } from './key-table.ts';
import { ENDPOINT_CELL, FLAG, SLOT } from './table-layout.ts';
import { write } from './table-journal.ts';
import type { Dimension } from './verdict.ts';

/** What a request wants of each dimension; a dimension that is not named may be any amount. */
export type Need = Readonly<Partial<Record<Dimension, number>>>;

const CONCURRENCY = classCode('concurrency');

export const slotCell = (table: KeyTable, slot: number): number =>
  table.layout.slots + slot * SLOT.cells;

export const endpointCell = (table: KeyTable, endpoint: number, cell: number): number =>
  table.layout.endpoints + endpoint * ENDPOINT_CELL.cells + cell;

export function readCell(table: KeyTable, cell: number): number {
  return table.cells[cell] ?? 0;
}

/** Whether this slot forbids a request of this need now. */
export function slotBinds(table: KeyTable, slot: number, now: number, need?: Need): boolean {
  const cell = slotCell(table, slot);
  if (!(readCell(table, cell + SLOT.endsAt) > now)) return false;
  if ((readCell(table, cell + SLOT.flags) & FLAG.suspended) !== 0) return false;
  return contradicts(table, cell, need);
}

/** Whether a cooldown speaks about requests of this need at all. */
function contradicts(table: KeyTable, cell: number, need: Need | undefined): boolean {
  const refused = readCell(table, cell + SLOT.refusedNeed);
  if (refused === 0 || need === undefined) return true;
  const wanted = need[DIMENSIONS[readCell(table, cell + SLOT.dimension)] ?? 'unknown'];
  return wanted === undefined || wanted >= refused;
}

/**
 * Sets one cooldown under the locks of its scope and its endpoint. A failure from before the scope's last clearing is too old and
 * sets nothing. One that was sent before the cooldown stood belongs to the same event: it may only bring a later instant that the
 * provider named. Ends never move earlier; the strike count grows once an event.
 */
export function coolSlot(
  table: KeyTable,
  scopeIndex: number,
  terms: CooldownTerms,
  sent: { readonly sendSeq: number; readonly currentSeq: number; readonly now: number },
): void {
  const scope = table.plan.scopes[scopeIndex];
  if (scope === undefined) return;
  if (sent.sendSeq <= readCell(table, table.layout.scopeClears + scopeIndex)) {
    countAt(table, scope.endpoint, ENDPOINT_CELL.stale);
    return;
  }
  const slot = scope.firstSlot + terms.slot;
  const cell = slotCell(table, slot);
  const named = (terms.flags & FLAG.authoritative) !== 0;
  const straggler = sent.sendSeq <= readCell(table, cell + SLOT.setSeq);
  if (straggler && !named) return;
  const strikes = readCell(table, cell + SLOT.strikes) + (straggler || named ? 0 : 1);
  const endsAt = sent.now + lengthOf(terms, strikes);
  const before = readCell(table, cell + SLOT.endsAt);
  const standing = before > sent.now;
  if ((terms.flags & FLAG.implausible) !== 0) {
    countAt(table, scope.endpoint, ENDPOINT_CELL.implausible);
  }
  if (!standing || terms.refusedNeed < readCell(table, cell + SLOT.refusedNeed)) {
    write(table, cell + SLOT.refusedNeed, terms.refusedNeed);
  }
  write(table, cell + SLOT.strikes, strikes);
  if (!straggler) write(table, cell + SLOT.setSeq, sent.currentSeq);
  if (standing && endsAt <= before) return;
  write(table, cell + SLOT.class, terms.class);
  write(table, cell + SLOT.dimension, terms.dimension);
  write(table, cell + SLOT.flags, terms.flags);
  write(table, cell + SLOT.setAt, sent.now);
  raiseEnd(table, scopeIndex, slot, endsAt);
  note(table, scopeIndex, slot, false);
}

/** Writes a slot's end and raises what summarizes it: the scope's latest end, and the provider's. */
export function raiseEnd(table: KeyTable, scopeIndex: number, slot: number, endsAt: number): void {
  write(table, slotCell(table, slot) + SLOT.endsAt, endsAt);
  const scopeEnd = table.layout.scopeEnds + scopeIndex;
  if (readCell(table, scopeEnd) < endsAt) write(table, scopeEnd, endsAt);
  const endpoint = table.plan.scopes[scopeIndex]?.endpoint ?? 0;
  const cooling = endpointCell(table, endpoint, ENDPOINT_CELL.coolingUntil);
  if (readCell(table, cooling) < endsAt) write(table, cooling, endsAt);
}

/**
 * What a success proves about one scope: a cooldown that was only our guess and was set before the attempt was sent is over, and so
 * is the memory of one that has ended. Nothing that a provider named ends early, nothing that spoke of larger needs only.
 */
export function clearProven(
  table: KeyTable,
  scopeIndex: number,
  sent: { readonly sendSeq: number; readonly now: number },
  need?: Need,
): void {
  const scope = table.plan.scopes[scopeIndex];
  if (scope === undefined || readCell(table, table.layout.scopeEnds + scopeIndex) === 0) return;
  let cleared = false;
  for (let at = 0; at < scope.slots; at += 1) {
    const slot = scope.firstSlot + at;
    const cell = slotCell(table, slot);
    const endsAt = readCell(table, cell + SLOT.endsAt);
    if (endsAt === 0) continue;
    // A place that was occupied is free whenever its request was sent: that ends a guess about concurrency.
    const frees = readCell(table, cell + SLOT.class) === CONCURRENCY;
    if (!frees && readCell(table, cell + SLOT.setSeq) >= sent.sendSeq) continue;
    const named = (readCell(table, cell + SLOT.flags) & FLAG.authoritative) !== 0;
    if (endsAt > sent.now && (named || !contradicts(table, cell, need))) continue;
    wipeSlot(table, scopeIndex, slot, sent.now);
    cleared = true;
  }
  if (cleared) closeClearing(table, scopeIndex, sent.sendSeq);
}

/** Empties a slot; a cooldown that still stood is noted as cleared. */
export function wipeSlot(table: KeyTable, scopeIndex: number, slot: number, now: number): void {
  const cell = slotCell(table, slot);
  if (slotBinds(table, slot, now)) note(table, scopeIndex, slot, true);
  write(table, cell + SLOT.endsAt, 0);
  write(table, cell + SLOT.strikes, 0);
  write(table, cell + SLOT.flags, 0);
  write(table, cell + SLOT.refusedNeed, 0);
}

/** After slots were emptied: the scope's latest end anew, and the age below which failures are too old. */
export function closeClearing(table: KeyTable, scopeIndex: number, clearedSeq: number): void {
  const scope = table.plan.scopes[scopeIndex];
  if (scope === undefined) return;
  let latest = 0;
  for (let at = 0; at < scope.slots; at += 1) {
    const endsAt = readCell(table, slotCell(table, scope.firstSlot + at) + SLOT.endsAt);
    if (endsAt > latest) latest = endsAt;
  }
  write(table, table.layout.scopeEnds + scopeIndex, latest);
  const clears = table.layout.scopeClears + scopeIndex;
  if (readCell(table, clears) < clearedSeq) write(table, clears, clearedSeq);
}

/** Adds one to a counter of an endpoint, under its lock. */
function countAt(table: KeyTable, endpoint: number, counter: number): void {
  const cell = endpointCell(table, endpoint, counter);
  write(table, cell, readCell(table, cell) + 1);
}

/** Notes a change for the caller, as the slot stands now. Beyond what fits, changes hold but are not told. */
export function note(table: KeyTable, scopeIndex: number, slot: number, cleared: boolean): void {
  const { noted, cells } = table;
  const entry = table.notedCount * NOTED.cells;
  if (entry + NOTED.cells > noted.length) return;
  noted[entry + NOTED.scope] = scopeIndex;
  noted[entry + NOTED.cleared] = cleared ? 1 : 0;
  const from = slotCell(table, slot);
  for (let at = 0; at < SLOT.cells; at += 1) noted[entry + NOTED.slot + at] = cells[from + at] ?? 0;
  table.notedCount += 1;
}
