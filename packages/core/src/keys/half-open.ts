import {
  closeClearing,
  endpointCell,
  probeUntilOf,
  readCell,
  slotCell,
  slotFlags,
  startRamp,
  wipeSlot,
} from './cooldown-cells.ts';
import type { KeyTable } from './key-table.ts';
import type { Candidate } from './plan.ts';
import { rampAtIn, rampMsIn } from './ramp-cell.ts';
import { ENDPOINT_CELL, FLAG, SLOT } from './table-layout.ts';
import { write } from './table-journal.ts';

/**
 * After a guess has ended, one real attempt at a time looks whether it was right: it holds a lease up to its first content, which
 * clears the guess. The same refusal sets it again, for longer; whatever else happens frees the lease and proves nothing.
 */
const LEASE_MS = 60_000;
/** What comes back is given this share at least, so that it does come back. */
const LEAST_RAMP = 0.05;

/** Whether anything of the provider has to be looked at first, so that its record is needed as well. */
export function mayProbe(table: KeyTable, candidate: Candidate): boolean {
  return readCell(table, endpointCell(table, candidate.endpoint, ENDPOINT_CELL.halfOpen)) > 0;
}

/** Under the candidate's and the endpoint's locks: makes this attempt the one that looks. True when there was something to look at. */
export function takeProbes(
  table: KeyTable,
  candidate: Candidate,
  sendSeq: number,
  now: number,
): boolean {
  let taken = false;
  forEachHalfOpen(table, candidate, 0, (slot) => {
    const cell = slotCell(table, slot);
    if (readCell(table, cell + SLOT.endsAt) > now) return false;
    write(table, cell + SLOT.probeSeq, sendSeq);
    write(table, cell + SLOT.bound, -(now + LEASE_MS));
    taken = true;
    return false;
  });
  return taken;
}

/** Frees what an attempt was looking at, unjudged. */
export function freeProbes(table: KeyTable, candidate: Candidate, sendSeq: number): void {
  forEachHalfOpen(table, candidate, 0, (slot) => {
    const cell = slotCell(table, slot);
    if (readCell(table, cell + SLOT.probeSeq) !== sendSeq) return false;
    write(table, cell + SLOT.probeSeq, 0);
    if (probeUntilOf(table, cell) > 0) write(table, cell + SLOT.bound, 0);
    return false;
  });
}

/** The attempt has brought content: what it was looking at is over. */
export function clearProbed(
  table: KeyTable,
  candidate: Candidate,
  sendSeq: number,
  now: number,
): void {
  forEachHalfOpen(table, candidate, sendSeq, (slot, scope) => {
    if (readCell(table, slotCell(table, slot) + SLOT.probeSeq) !== sendSeq) return false;
    startRamp(table, scope, slot, now);
    wipeSlot(table, scope, slot, now);
    return true;
  });
}

/** Visits the slots that have to be looked at; a scope in which `visit` cleared one is summed up anew. */
function forEachHalfOpen(
  table: KeyTable,
  candidate: Candidate,
  clearedSeq: number,
  visit: (slot: number, scope: number) => boolean,
): void {
  for (const index of candidate.scopes) {
    const scope = table.plan.scopes[index];
    if (scope === undefined || readCell(table, table.layout.scopeEnds + index) === 0) continue;
    let cleared = false;
    for (let slot = scope.firstSlot; slot < scope.firstSlot + scope.slots; slot += 1) {
      const stands = readCell(table, slotCell(table, slot) + SLOT.endsAt) > 0;
      if (!stands || (slotFlags(table, slot) & FLAG.halfOpen) === 0) continue;
      if (visit(slot, index)) cleared = true;
    }
    if (cleared) closeClearing(table, index, clearedSeq);
  }
}

/** The share of its weight that a candidate is given while it comes back, above 0 and at most 1. */
export function rampOf(table: KeyTable, candidate: Candidate, now: number): number {
  const until = endpointCell(table, candidate.endpoint, ENDPOINT_CELL.rampUntil);
  if (readCell(table, until) <= now) return 1;
  let ramp = 1;
  const { scopes } = candidate;
  for (let at = 0; at < scopes.length; at += 1) {
    const scope = scopes[at] ?? 0;
    const cell = readCell(table, table.layout.scopeRamps + scope);
    if (cell === 0) continue;
    const rampMs = rampMsIn(cell);
    const since = now - rampAtIn(cell);
    if (since < rampMs) ramp = Math.min(ramp, Math.max(LEAST_RAMP, since / rampMs));
  }
  return ramp;
}
