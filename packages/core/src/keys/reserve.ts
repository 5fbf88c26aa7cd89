import { breakerTermsOf, countForBreaker, suspectForBreaker } from './breaker.ts';
import type { ScopeKind } from './cooldown-codes.ts';
import { takeChanges, type Instant } from './cooldown-changes.ts';
import {
  clearProven,
  coolSlot,
  endpointCell,
  readCell,
  slotCell,
  type Need,
} from './cooldown-cells.ts';
import { termsOf, type CooldownTerms } from './cooldown-terms.ts';
import { isEligible } from './eligibility.ts';
import {
  noteAcceptedCredential,
  noteRefusedCredential,
  reinstateRefused,
  suspendRefused,
} from './incident.ts';
import { generationOf, type KeyTable } from './key-table.ts';
import type { Candidate } from './plan.ts';
import { restoreCooldowns } from './recover.ts';
import { currentSendSequence, nextSendSequence } from './send-sequence.ts';
import type { CooldownChange } from './status.ts';
import { ENDPOINT_CELL, KEY_CELL, SLOT } from './table-layout.ts';
import {
  commit,
  lockRecord,
  lockRecords,
  unlockRecord,
  unlockRecords,
  write,
} from './table-journal.ts';
import type { Verdict, VerdictClass } from './verdict.ts';

/** What an admitted attempt holds until it settles: a place in flight, of one worker, in one table. */
export interface Reservation {
  readonly candidate: Candidate;
  /** The attempt's place in the node-wide order of sending. */
  readonly sendSeq: number;
  readonly generation: number;
  readonly need: Need | undefined;
  /** The table it was taken in, and is given back to whichever table rules by then. */
  readonly table: KeyTable;
  settled: boolean;
}

/** When and with what chance something is settled. */
export interface SettleAt extends Instant {
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/**
 * Takes a place in flight at the candidate's key under the locks of its domain, and gives the attempt its place in the order of
 * sending. Null when something cools it after all, or when its domain stays busy: choose another one.
 */
export function reserve(
  table: KeyTable,
  candidate: Candidate,
  now: number,
  need?: Need,
): Reservation | null {
  if (table.plan.candidates[candidate.index] !== candidate) return null;
  if (!lockRecords(table, candidate.locks)) return null;
  let sendSeq = 0;
  if (isEligible(table, candidate, now, need)) {
    sendSeq = nextSendSequence(table.ints);
    const attempts = keyCell(table, candidate, KEY_CELL.attempts);
    write(table, attempts, readCell(table, attempts) + 1);
    const inFlight = table.inFlight + candidate.keyIndex;
    write(table, inFlight, readCell(table, inFlight) + 1);
    commit(table);
  }
  unlockRecords(table, candidate.locks);
  if (sendSeq === 0) return null;
  return { candidate, sendSeq, generation: generationOf(table), need, table, settled: false };
}

/**
 * Gives a reservation back and learns from how the attempt ended: cools, clears, counts for the breaker. Exactly once: a second call
 * does nothing and is counted. Where a new snapshot's table rules meanwhile, the place is returned and the attempt counted in the
 * reservation's own table, and what was cooled there is put into the ruling one by the name of its scope. Returns what changed, that of
 * settlements included that had to wait for a record.
 */
export function settle(
  table: KeyTable,
  reservation: Reservation,
  verdict: Verdict,
  at: SettleAt,
): CooldownChange[] {
  const home = reservation.table;
  if (reservation.settled) {
    home.settledTwice += 1;
    return [];
  }
  reservation.settled = true;
  const earlier = home.deferred.length === 0 ? [] : settleDeferred(home);
  const changes = settleOrDefer({ reservation, verdict, at });
  if (earlier.length > 0) changes.unshift(...earlier);
  if (changes.length > 0 && table.buffer !== home.buffer) restoreCooldowns(table, changes, at);
  return changes;
}

/** Makes up for settlements that had to wait for a record. To be called now and then, and before a worker ends. */
export function settleDeferred(table: KeyTable): CooldownChange[] {
  const changes: CooldownChange[] = [];
  const waiting = table.deferred.splice(0);
  for (const settleAgain of waiting) changes.push(...settleAgain());
  return changes;
}

/**
 * Counts an attempt's transient or ambiguous failure for the breaker after the fact: when another target has served the request, it
 * was the endpoint's. Where nobody served it, `suspectedBy` is the number of the consumer that met the failure, and it counts once
 * enough consumers have. Returns what that cools.
 */
export function blameEndpoint(
  table: KeyTable,
  reservation: Reservation,
  verdict: Verdict,
  at: SettleAt & { readonly suspectedBy?: number },
): CooldownChange[] {
  const { candidate, sendSeq } = reservation;
  if (table.plan.candidates[candidate.index] !== candidate) return [];
  const record = endpointRecord(table, candidate);
  const blame = blameOf({ ...verdict, counts: true }, at.suspectedBy ?? null);
  const sent = { sendSeq, currentSeq: 0, now: at.now };
  if (blame === null || !lockRecord(table, record)) return [];
  sent.currentSeq = currentSendSequence(table.ints);
  observeBreaker(table, candidate, blame, sent);
  commit(table);
  unlockRecord(table, record);
  return takeChanges(table, at, verdict.evidence);
}

/** A settlement whose records were busy, because a worker died with them, waits in the table's handle. */
interface Settlement {
  readonly reservation: Reservation;
  readonly verdict: Verdict;
  readonly at: SettleAt;
}

interface Sent {
  readonly sendSeq: number;
  currentSeq: number;
  readonly now: number;
}

/** What a verdict asks for, worked out before anything is locked. */
interface Judgement {
  readonly verdict: Verdict;
  readonly scope: number;
  readonly terms: CooldownTerms | null;
  readonly blame: Blame | null;
  readonly sent: Sent;
}

/** What a failure means for the breaker of its endpoint. */
interface Blame {
  readonly terms: CooldownTerms;
  /** The consumer that met it, where it is not known to be the endpoint's fault. */
  readonly suspectedBy: number | null;
}

function blameOf(verdict: Verdict, suspectedBy: number | null): Blame | null {
  const terms = breakerTermsOf(verdict);
  return terms === null ? null : { terms, suspectedBy };
}

function settleOrDefer(settlement: Settlement): CooldownChange[] {
  const { reservation, verdict, at } = settlement;
  const { candidate, table } = reservation;
  const judgement = judge(reservation, verdict, at);
  const record = endpointRecord(table, candidate);
  if (!lockForSettling(table, candidate, record)) {
    table.deferred.push(() => settleOrDefer(settlement));
    return [];
  }
  // First and last write belong together: a settlement that was torn apart shows in the sums.
  giveBack(table, candidate);
  const aftermath =
    verdict.class === 'success'
      ? observeSuccess(table, reservation, judgement.sent)
      : observeFailure(table, candidate, judgement);
  countEnd(table, candidate, verdict);
  commit(table);
  unlockRecord(table, record);
  unlockRecords(table, candidate.locks);
  if (aftermath === 'suspend') suspendRefused(table, candidate.endpoint, at.now);
  if (aftermath === 'reinstate') reinstateRefused(table, candidate.endpoint, at.now);
  return table.notedCount === 0 ? [] : takeChanges(table, at, verdict.evidence);
}

function judge(
  { candidate, sendSeq, table }: Reservation,
  verdict: Verdict,
  at: SettleAt,
): Judgement {
  const sent = { sendSeq, currentSeq: 0, now: at.now };
  const scope = scopeOf(candidate, verdict);
  const kind = table.plan.scopes[scope]?.kind;
  const terms = kind === undefined ? null : termsOf(verdict, kind, at.random());
  return { verdict, scope, terms, blame: blameOf(verdict, null), sent };
}

/** What has to follow at the provider's other keys, whose records are not locked here. */
type Aftermath = 'none' | 'suspend' | 'reinstate';

function observeSuccess(table: KeyTable, reservation: Reservation, sent: Sent): Aftermath {
  const { candidate, sendSeq, need } = reservation;
  countForBreaker(table, candidate, false, sent.now);
  const cooling = endpointCell(table, candidate.endpoint, ENDPOINT_CELL.coolingUntil);
  if (readCell(table, cooling) > 0) {
    const { scopes } = candidate;
    for (let at = 0; at < scopes.length; at += 1) {
      clearProven(table, scopes[at] ?? 0, sent, need);
    }
  }
  return noteAcceptedCredential(table, candidate, sendSeq) ? 'reinstate' : 'none';
}

function observeFailure(table: KeyTable, candidate: Candidate, judgement: Judgement): Aftermath {
  const { verdict, scope, terms, blame, sent } = judgement;
  sent.currentSeq = currentSendSequence(table.ints);
  if (blame !== null) observeBreaker(table, candidate, blame, sent);
  if (terms === null) return 'none';
  coolSlot(table, scope, terms, sent);
  if (verdict.class !== 'credential_dead' || verdict.scope !== 'key') return 'none';
  const suspect = noteRefusedCredential(table, candidate, sent.sendSeq, sent.now);
  return suspect ? 'suspend' : 'none';
}

/** A failure from before the breaker opened, or before the endpoint was well again, belongs to what is over. */
function observeBreaker(
  table: KeyTable,
  candidate: Candidate,
  { terms, suspectedBy }: Blame,
  sent: Sent,
): void {
  const scope = scopeAt(candidate, 'endpoint_group');
  if (sent.sendSeq <= readCell(table, table.layout.scopeClears + scope)) return;
  if (sent.sendSeq <= setSeqOf(table, scope, terms.slot)) return;
  const opened =
    suspectedBy === null
      ? countForBreaker(table, candidate, true, sent.now)
      : suspectForBreaker(table, candidate, suspectedBy, sent.now);
  if (opened) coolSlot(table, scope, terms, sent);
}

function giveBack(table: KeyTable, candidate: Candidate): void {
  const inFlight = table.inFlight + candidate.keyIndex;
  write(table, inFlight, readCell(table, inFlight) - 1);
}

function countEnd(table: KeyTable, candidate: Candidate, verdict: Verdict): void {
  const counter = counterOf(verdict);
  if (counter === null) return;
  const cell = keyCell(table, candidate, counter);
  write(table, cell, readCell(table, cell) + 1);
}

const NOT_OF_THE_KEY: ReadonlySet<VerdictClass> = new Set([
  'caller_fault',
  'too_large_for_limit',
  'unknown',
]);

/** Success, failure, or neither: what the caller did or nobody understands is not the key's doing. */
function counterOf(verdict: Verdict): number | null {
  if (verdict.class === 'success') return KEY_CELL.successes;
  return NOT_OF_THE_KEY.has(verdict.class) ? null : KEY_CELL.failures;
}

/** The scope a verdict names, among those that bind the candidate; -1 for none. */
function scopeOf(candidate: Candidate, verdict: Verdict): number {
  if (verdict.scope === 'none') return -1;
  return scopeAt(candidate, verdict.scope, verdict.level);
}

function scopeAt({ scopes, locks }: Candidate, kind: ScopeKind, level?: Verdict['level']): number {
  const depth = locks.length;
  const node = level === 'organization' ? 0 : depth - 1;
  return scopes[placeOf(kind, depth, node)] ?? -1;
}

/** The order of a candidate's scopes, see `Candidate.scopes`. */
function placeOf(kind: ScopeKind, depth: number, node: number): number {
  switch (kind) {
    case 'key':
      return 0;
    case 'key_group':
      return 1;
    case 'node':
      return 2 + node;
    case 'node_group':
      return 2 + depth + node;
    case 'endpoint':
      return 2 + 2 * depth;
    case 'endpoint_group':
      return 3 + 2 * depth;
    default:
      return 4 + 2 * depth;
  }
}

function setSeqOf(table: KeyTable, scope: number, slot: number): number {
  const first = table.plan.scopes[scope]?.firstSlot ?? 0;
  return readCell(table, slotCell(table, first + slot) + SLOT.setSeq);
}

const keyCell = (table: KeyTable, candidate: Candidate, cell: number): number =>
  table.layout.keys + candidate.keyIndex * KEY_CELL.cells + cell;

const endpointRecord = (table: KeyTable, candidate: Candidate): number =>
  table.plan.nodes.length + candidate.endpoint;

/** Nodes root first, then the endpoint: ascending records, the same order everywhere. */
function lockForSettling(table: KeyTable, candidate: Candidate, record: number): boolean {
  if (!lockRecords(table, candidate.locks)) return false;
  if (lockRecord(table, record)) return true;
  unlockRecords(table, candidate.locks);
  return false;
}
