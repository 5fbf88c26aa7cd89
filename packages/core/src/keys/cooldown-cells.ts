import { clearedByHandIn, clearedIn, packClears } from './clear-cell.ts';
import {
  classCode,
  classIn,
  classOf,
  dimensionIn,
  dimensionOf,
  flagsIn,
  identityOf,
  packWhat,
  strikesIn,
} from './cooldown-codes.ts';
import { FORESEEN_GUESS, lengthOf, type CooldownTerms } from './cooldown-terms.ts';
import { NOTED, type KeyTable } from './key-table.ts';
import type { Need } from './need.ts';
import type { ScopePlan } from './plan.ts';
import { quantityOfCode } from './quantity.ts';
import { LONGEST_RAMP_MS, packRamp } from './ramp-cell.ts';
import { ENDPOINT_CELL, FLAG, SLOT } from './table-layout.ts';
import { write } from './table-journal.ts';

const CONCURRENCY = classCode('concurrency');
const FUNDS = classCode('funds_exhausted');
const BETWEEN_PROBES_MS = 3_600_000;

const RAMP_SHARE = 0.25;

/** What of an emptied slot is written, `what` aside. */
const WIPED = [SLOT.endsAt, SLOT.bound, SLOT.probeSeq];

export const slotCell = (table: KeyTable, slot: number): number =>
  table.layout.slots + slot * SLOT.cells;

export const endpointCell = (table: KeyTable, endpoint: number, cell: number): number =>
  table.layout.endpoints + endpoint * ENDPOINT_CELL.cells + cell;

export function readCell(table: KeyTable, cell: number): number {
  return table.cells[cell] ?? 0;
}

export const slotClass = (table: KeyTable, slot: number): number =>
  classIn(readCell(table, slotCell(table, slot) + SLOT.what));

export const slotFlags = (table: KeyTable, slot: number): number =>
  flagsIn(readCell(table, slotCell(table, slot) + SLOT.what));

/** The smallest need that a standing cooldown's cell binds; 0 binds every request. */
export const refusedNeedOf = (table: KeyTable, cell: number): number =>
  Math.max(0, readCell(table, cell + SLOT.bound));

/** Until when the one attempt that looks whether an ended cooldown is over may take; 0 for none. */
export const probeUntilOf = (table: KeyTable, cell: number): number =>
  Math.max(0, -readCell(table, cell + SLOT.bound));

/** Whether a cooldown stands: it has not ended and is not set aside. */
export function slotStands(table: KeyTable, slot: number, now: number): boolean {
  return (
    readCell(table, slotCell(table, slot) + SLOT.endsAt) > now &&
    (slotFlags(table, slot) & FLAG.suspended) === 0
  );
}

/** Whether this slot forbids a request of this need now: it stands, or has ended and one attempt is looking whether it is over. */
export function slotBinds(table: KeyTable, slot: number, now: number, need?: Need): boolean {
  const cell = slotCell(table, slot);
  const endsAt = readCell(table, cell + SLOT.endsAt);
  if (endsAt === 0) return false;
  if (endsAt <= now) return probeUntilOf(table, cell) > now;
  return slotStands(table, slot, now) && contradicts(table, cell, need);
}

/** Until when a slot that binds does so, as far as time alone ends it. */
export function boundUntil(table: KeyTable, slot: number): number {
  const cell = slotCell(table, slot);
  return Math.max(readCell(table, cell + SLOT.endsAt), probeUntilOf(table, cell));
}

/** How soon a look whose end nobody knows is taken to be over, by who waits for it or is told when to come back. */
const LOOK_MS = 1000;

/** When what binds is expected to do so no more: at its end, or soon where one attempt is looking whether it is over. */
export function expectedEnd(table: KeyTable, slot: number, now: number): number {
  const until = boundUntil(table, slot);
  const stands = readCell(table, slotCell(table, slot) + SLOT.endsAt) > now;
  return stands ? until : Math.min(until, now + LOOK_MS);
}

/** Whether a cooldown speaks about requests of this need at all. */
function contradicts(table: KeyTable, cell: number, need: Need | undefined): boolean {
  const refused = refusedNeedOf(table, cell);
  if (refused === 0 || need === undefined) return true;
  const what = readCell(table, cell + SLOT.what);
  const amount = need.total[quantityOfCode(dimensionIn(what))] ?? 0;
  // What a balance pays for is held against all that a request may cost, not against what it is expected to.
  const isFunds = classOf(classIn(what)) === 'funds_exhausted';
  return (isFunds ? (need.allowed ?? amount) : amount) >= refused;
}

/** The slot of a scope that is about this already; -1 where none is. */
export function slotAbout(table: KeyTable, scope: ScopePlan, identity: number): number {
  for (let slot = scope.firstSlot; slot < scope.firstSlot + scope.slots; slot += 1) {
    const cell = slotCell(table, slot);
    if (readCell(table, cell + SLOT.endsAt) === 0) continue;
    const what = readCell(table, cell + SLOT.what);
    const of = identityOf(scope.kind, classOf(classIn(what)), dimensionOf(dimensionIn(what)));
    if (of === identity) return slot;
  }
  return -1;
}

/** The slot for something that has none yet: an empty one, else the one that ends first; what shares a slot ends with the last. */
export function soonestSlot(table: KeyTable, scope: ScopePlan): number {
  let found = scope.firstSlot;
  let soonest = Infinity;
  for (let slot = scope.firstSlot; slot < scope.firstSlot + scope.slots; slot += 1) {
    const endsAt = readCell(table, slotCell(table, slot) + SLOT.endsAt);
    if (endsAt < soonest) {
      soonest = endsAt;
      found = slot;
    }
  }
  return found;
}

/** The attempt that sets a cooldown, and what it knows. */
export interface SentAttempt {
  readonly sendSeq: number;
  currentSeq: number;
  readonly now: number;
}

/**
 * Sets one cooldown under the locks of its scope and its endpoint. A failure from before the scope's last clearing is too old and
 * sets nothing; but an end that the provider named holds whatever succeeded meanwhile, and only a hand overrules it. One that was sent
 * before the cooldown stood belongs to the same event: it may only bring a later instant that the provider named. Ends never move
 * earlier; the strike count grows once an event.
 */
export function coolSlot(
  table: KeyTable,
  scopeIndex: number,
  terms: CooldownTerms,
  sent: SentAttempt,
): void {
  const scope = table.plan.scopes[scopeIndex];
  if (scope === undefined) return;
  const named = (terms.flags & FLAG.authoritative) !== 0;
  if (isOverruled(table, scopeIndex, sent.sendSeq, named)) {
    countAt(table, scope.endpoint, ENDPOINT_CELL.stale, 1);
    return;
  }
  const about = slotAbout(table, scope, terms.identity);
  const known = about >= 0;
  const slot = known ? about : soonestSlot(table, scope);
  const cell = slotCell(table, slot);
  const straggler = known && sent.sendSeq <= readCell(table, cell + SLOT.setSeq);
  if (straggler && !named) return;
  const what = readCell(table, cell + SLOT.what);
  // What is set aside meanwhile is the provider's trouble, and no more of it the key's.
  const aside = known && (flagsIn(what) & FLAG.suspended) !== 0;
  const isStrike = terms.guess !== FORESEEN_GUESS && !straggler && !named && !aside;
  const strikes = (known ? strikesIn(what) : 0) + (isStrike ? 1 : 0);
  const endsAt = sent.now + Math.max(lengthOf(terms, strikes), leastOf(table, cell, terms, sent));
  const before = readCell(table, cell + SLOT.endsAt);
  const standing = before > sent.now;
  countImplausible(table, scope.endpoint, terms);
  if (!standing || terms.refusedNeed < refusedNeedOf(table, cell)) {
    write(table, cell + SLOT.bound, terms.refusedNeed);
  }
  if (!straggler) write(table, cell + SLOT.setSeq, sent.currentSeq);
  if (standing && endsAt <= before) {
    write(table, cell + SLOT.what, withStrikes(what, strikes));
    return;
  }
  // What stood in its place ends with that, for whoever keeps cooldowns by class and dimension.
  if (standing && !isAbout(what, terms)) note(table, scopeIndex, slot, true);
  writeWhat(table, scopeIndex, slot, packWhat(terms.class, terms.dimension, terms.flags, strikes));
  write(table, cell + SLOT.setAt, sent.now);
  write(table, cell + SLOT.probeSeq, 0);
  raiseEnd(table, scopeIndex, slot, endsAt);
  note(table, scopeIndex, slot, false);
}

/** Whether a slot is about this class and this dimension. */
export const isAbout = (
  what: number,
  of: { readonly class: number; readonly dimension: number },
): boolean => classIn(what) === of.class && dimensionIn(what) === of.dimension;

const withStrikes = (what: number, strikes: number): number =>
  packWhat(classIn(what), dimensionIn(what), flagsIn(what), strikes);

/** Funds that a real attempt found gone are looked for again an hour later at the soonest, whatever date was named. */
function leastOf(table: KeyTable, cell: number, terms: CooldownTerms, sent: SentAttempt): number {
  const named = (terms.flags & FLAG.authoritative) !== 0;
  if (!named || terms.class !== FUNDS) return 0;
  return readCell(table, cell + SLOT.probeSeq) === sent.sendSeq ? BETWEEN_PROBES_MS : 0;
}

/** Writes what a slot is about, and keeps the provider's count of slots that one attempt at a time looks after. */
export function writeWhat(table: KeyTable, scopeIndex: number, slot: number, what: number): void {
  const cell = slotCell(table, slot) + SLOT.what;
  const before = flagsIn(readCell(table, cell)) & FLAG.halfOpen;
  const after = flagsIn(what) & FLAG.halfOpen;
  write(table, cell, what);
  if (before === after) return;
  const endpoint = table.plan.scopes[scopeIndex]?.endpoint ?? 0;
  countAt(table, endpoint, ENDPOINT_CELL.halfOpen, after === 0 ? -1 : 1);
}

/** Writes a slot's end and raises what summarizes it: the scope's latest end, and the provider's. */
export function raiseEnd(table: KeyTable, scopeIndex: number, slot: number, endsAt: number): void {
  write(table, slotCell(table, slot) + SLOT.endsAt, endsAt);
  const scopeEnd = table.layout.scopeEnds + scopeIndex;
  // What has to be looked at first does not end by itself.
  const latest = (slotFlags(table, slot) & FLAG.halfOpen) === 0 ? endsAt : Infinity;
  if (readCell(table, scopeEnd) < latest) write(table, scopeEnd, latest);
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
    const frees = slotClass(table, slot) === CONCURRENCY;
    if (!frees && readCell(table, cell + SLOT.setSeq) >= sent.sendSeq) continue;
    const named = (slotFlags(table, slot) & FLAG.authoritative) !== 0;
    if (endsAt > sent.now && (named || !contradicts(table, cell, need))) continue;
    startRamp(table, scopeIndex, slot, sent.now);
    wipeSlot(table, scopeIndex, slot, sent.now);
    cleared = true;
  }
  if (cleared) closeClearing(table, scopeIndex, sent.sendSeq);
}

/** What comes back after it was only assumed to be dry is not given its whole share at once. */
export function startRamp(table: KeyTable, scopeIndex: number, slot: number, now: number): void {
  const flags = slotFlags(table, slot);
  if ((flags & FLAG.halfOpen) === 0 || (flags & FLAG.authoritative) !== 0) return;
  const cell = slotCell(table, slot);
  const cooledMs = readCell(table, cell + SLOT.endsAt) - readCell(table, cell + SLOT.setAt);
  const rampMs = Math.min(LONGEST_RAMP_MS, cooledMs * RAMP_SHARE);
  if (!(rampMs > 0)) return;
  write(table, table.layout.scopeRamps + scopeIndex, packRamp(now, rampMs));
  const endpoint = table.plan.scopes[scopeIndex]?.endpoint ?? 0;
  const until = endpointCell(table, endpoint, ENDPOINT_CELL.rampUntil);
  if (readCell(table, until) < now + rampMs) write(table, until, now + rampMs);
}

/** Empties a slot; a cooldown that still stood is noted as cleared. */
export function wipeSlot(table: KeyTable, scopeIndex: number, slot: number, now: number): void {
  const cell = slotCell(table, slot);
  if (slotStands(table, slot, now)) note(table, scopeIndex, slot, true);
  writeWhat(table, scopeIndex, slot, 0);
  for (let at = 0; at < WIPED.length; at += 1) {
    write(table, cell + (WIPED[at] ?? 0), 0);
  }
}

/** Whether a failure was sent before the last clearing of what it is about; `named`: that the provider said until when. */
export function isOverruled(
  table: KeyTable,
  scopeIndex: number,
  sendSeq: number,
  named: boolean,
): boolean {
  const clears = readCell(table, table.layout.scopeClears + scopeIndex);
  return sendSeq <= (named ? clearedByHandIn(clears) : clearedIn(clears));
}

/** After slots were emptied by hand: nothing that was sent before sets anything. */
export function closeClearingByHand(table: KeyTable, scopeIndex: number, currentSeq: number): void {
  closeClearing(table, scopeIndex, currentSeq, currentSeq);
}

/** After slots were emptied: the scope's latest end anew, and the age below which failures are too old. */
export function closeClearing(
  table: KeyTable,
  scopeIndex: number,
  clearedSeq: number,
  byHandSeq = -1,
): void {
  const scope = table.plan.scopes[scopeIndex];
  if (scope === undefined) return;
  let latest = 0;
  for (let at = 0; at < scope.slots; at += 1) {
    const slot = scope.firstSlot + at;
    const endsAt = readCell(table, slotCell(table, slot) + SLOT.endsAt);
    const halfOpen = endsAt > 0 && (slotFlags(table, slot) & FLAG.halfOpen) !== 0;
    if (endsAt > latest || halfOpen) latest = halfOpen ? Infinity : endsAt;
  }
  write(table, table.layout.scopeEnds + scopeIndex, latest);
  const cell = table.layout.scopeClears + scopeIndex;
  const before = readCell(table, cell);
  const byHand = Math.max(clearedByHandIn(before), byHandSeq);
  const clears = packClears(Math.max(clearedIn(before), clearedSeq), byHand);
  if (clears !== before) write(table, cell, clears);
}

function countImplausible(table: KeyTable, endpoint: number, { flags }: CooldownTerms): void {
  if ((flags & FLAG.implausible) !== 0) countAt(table, endpoint, ENDPOINT_CELL.implausible, 1);
}

/** Adds to a counter of an endpoint, under its lock. */
function countAt(table: KeyTable, endpoint: number, counter: number, by: number): void {
  const cell = endpointCell(table, endpoint, counter);
  write(table, cell, readCell(table, cell) + by);
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
