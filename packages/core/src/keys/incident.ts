import { classCode, classIn, dimensionIn, packWhat, strikesIn } from './cooldown-codes.ts';
import {
  endpointCell,
  note,
  readCell,
  slotCell,
  slotClass,
  slotFlags,
  slotStands,
} from './cooldown-cells.ts';
import type { KeyTable } from './key-table.ts';
import type { Candidate } from './plan.ts';
import { ENDPOINT_CELL, FLAG, SLOT } from './table-layout.ts';
import { commit, lockRecord, unlockRecord, write } from './table-journal.ts';

/**
 * When a provider's sign-in breaks down, every key looks dead. Refusals of credentials from two unrelated organizations within 60 s,
 * with nothing answered well that was sent since the first of them, are taken as the provider's own trouble: the keys' cooldowns are
 * set aside. The first success shows that the provider does take credentials, and puts them back.
 */
const WITHIN_MS = 60_000;

const DEAD = classCode('credential_dead');

/** Under the candidate's and the endpoint's locks: notes a refused credential; true when the provider is to blame. */
export function noteRefusedCredential(
  table: KeyTable,
  candidate: Candidate,
  sendSeq: number,
  now: number,
): boolean {
  const at = endpointCell(table, candidate.endpoint, 0);
  const root = (candidate.locks[0] ?? 0) + 1;
  const firstRoot = readCell(table, at + ENDPOINT_CELL.refusedRoot);
  const running =
    firstRoot > 0 &&
    now - readCell(table, at + ENDPOINT_CELL.refusedAt) <= WITHIN_MS &&
    readCell(table, at + ENDPOINT_CELL.successSeq) < readCell(table, at + ENDPOINT_CELL.refusedSeq);
  write(table, at + ENDPOINT_CELL.refusedAt, now);
  if (!running) {
    write(table, at + ENDPOINT_CELL.refusedRoot, root);
    write(table, at + ENDPOINT_CELL.refusedSeq, sendSeq);
    return false;
  }
  if (firstRoot === root && readCell(table, at + ENDPOINT_CELL.incidentAt) === 0) return false;
  write(table, at + ENDPOINT_CELL.incidentAt, now);
  return true;
}

/** Under the same locks: notes a success; true when it ends the suspicion. */
export function noteAcceptedCredential(
  table: KeyTable,
  candidate: Candidate,
  sendSeq: number,
): boolean {
  const at = endpointCell(table, candidate.endpoint, 0);
  if (readCell(table, at + ENDPOINT_CELL.successSeq) < sendSeq) {
    write(table, at + ENDPOINT_CELL.successSeq, sendSeq);
  }
  if (readCell(table, at + ENDPOINT_CELL.incidentAt) === 0) return false;
  if (sendSeq <= readCell(table, at + ENDPOINT_CELL.refusedSeq)) return false;
  write(table, at + ENDPOINT_CELL.incidentAt, 0);
  return true;
}

/** Sets the cooldowns of recently refused credentials of a provider aside. One key's record is locked at a time. */
export function suspendRefused(table: KeyTable, endpoint: number, now: number): void {
  forEachKeySlot(table, endpoint, (scope, slot) => {
    const cell = slotCell(table, slot);
    const recent = now - readCell(table, cell + SLOT.setAt) <= WITHIN_MS;
    if (slotClass(table, slot) !== DEAD || !recent || !slotStands(table, slot, now)) return;
    if ((slotFlags(table, slot) & FLAG.authoritative) !== 0) return;
    writeFlags(table, slot, slotFlags(table, slot) | FLAG.suspended);
    note(table, scope, slot, true);
  });
}

/** Puts back what was set aside. */
export function reinstateRefused(table: KeyTable, endpoint: number, now: number): void {
  forEachKeySlot(table, endpoint, (scope, slot) => {
    const flags = slotFlags(table, slot);
    if ((flags & FLAG.suspended) === 0) return;
    writeFlags(table, slot, flags & ~FLAG.suspended);
    if (slotStands(table, slot, now)) note(table, scope, slot, false);
  });
}

/** Changes flags that nothing is counted by. */
function writeFlags(table: KeyTable, slot: number, flags: number): void {
  const cell = slotCell(table, slot) + SLOT.what;
  const what = readCell(table, cell);
  write(table, cell, packWhat(classIn(what), dimensionIn(what), flags, strikesIn(what)));
}

/** Visits the slots of every key's own credential under its lock. A key whose record stays busy is left as it is. */
function forEachKeySlot(
  table: KeyTable,
  endpoint: number,
  visit: (scope: number, slot: number) => void,
): void {
  for (const key of table.plan.endpoints[endpoint]?.keys ?? []) {
    const scope = table.plan.scopes[table.plan.keys[key]?.scopes[0] ?? -1];
    if (scope === undefined || readCell(table, table.layout.scopeEnds + scope.index) === 0)
      continue;
    if (!lockRecord(table, scope.record)) continue;
    for (let slot = scope.firstSlot; slot < scope.firstSlot + scope.slots; slot += 1) {
      if (readCell(table, slotCell(table, slot) + SLOT.endsAt) !== 0) visit(scope.index, slot);
    }
    commit(table);
    unlockRecord(table, scope.record);
  }
}
