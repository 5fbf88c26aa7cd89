import { breakerTermsOf, countForBreaker, suspectForBreaker } from './breaker.ts';
import { scopeAt, scopeOf } from './candidate-scopes.ts';
import { takeChanges, type Instant } from './cooldown-changes.ts';
import {
  clearProven,
  coolSlot,
  endpointCell,
  isOverruled,
  readCell,
  slotAbout,
  slotCell,
} from './cooldown-cells.ts';
import { termsOf, type CooldownTerms } from './cooldown-terms.ts';
import { isEligible } from './eligibility.ts';
import { clearProbed, freeProbes, mayProbe, takeProbes } from './half-open.ts';
import {
  noteAcceptedCredential,
  noteRefusedCredential,
  reinstateRefused,
  suspendRefused,
} from './incident.ts';
import { generationOf, type KeyTable } from './key-table.ts';
import { findLeases, freeLease, hasLease, takeLease } from './lease-cells.ts';
import { hasLearned, notePassed } from './learned-limit.ts';
import { FIT, fitOf, returnLimits, takeLimits } from './limit-cells.ts';
import { UNKNOWN_NEED, type Need } from './need.ts';
import { observeInHeir, takeObservations, type ToldLimits } from './observe-limits.ts';
import type { Candidate } from './plan.ts';
import { raiseBounds } from './raised-bounds.ts';
import { restoreCooldowns } from './restore-cooldowns.ts';
import { currentSendSequence, nextSendSequence } from './send-sequence.ts';
import { chargedFor } from './settlement-charge.ts';
import { learnFirstToken, learnSizes, type SizeSample } from './size-stats.ts';
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
import { learnFromRefusal, type Refused } from './verdict-effects.ts';

/** What an admitted attempt holds until it settles: a place in flight and its need of every limit, of one worker, in one table. */
export interface Reservation {
  readonly candidate: Candidate;
  /** The attempt's place in the node-wide order of sending. */
  readonly sendSeq: number;
  readonly sentAt: number;
  readonly generation: number;
  readonly need: Need;
  /** Its lease in its writer's row. */
  readonly lease: number;
  /** Whether it is the one attempt that looks whether a cooldown is over. */
  readonly probing: boolean;
  /** The table it was taken in, and is given back to whichever table rules by then. */
  readonly table: KeyTable;
  /** When its first content came; 0 before. */
  firstContentAt: number;
  settled: boolean;
}

/** Why a candidate cannot be had. */
export type ReserveRefusal =
  /** Its domain's record stays locked, or this worker holds as much as it can: choose another one. */
  | 'busy'
  | 'cooled'
  /** Some limit has too little left for the need now. */
  | 'does_not_fit'
  /** Some limit is smaller than the need: no waiting helps. */
  | 'too_large'
  /** It belongs to another table's plan. */
  | 'stale';

/** When and with what chance something is settled, and what is known of it. */
export interface SettleAt extends Instant {
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** What the provider charged, see `chargedOf`. Absent: the whole need, or only the request where it was refused. */
  readonly charged?: readonly number[];
  /** What the answer showed of the model's sizes. */
  readonly sample?: SizeSample;
  /** What the response told about limits, if that was not observed before: nobody sees the one without the other. */
  readonly told?: ToldLimits | undefined;
}

/**
 * Takes a place in flight and the need of every limit on the candidate's path at once, under the locks of its domain, and gives the
 * attempt its place in the order of sending. Null when something keeps it away after all: choose another one.
 */
export function reserve(
  table: KeyTable,
  candidate: Candidate,
  now: number,
  need?: Need,
): Reservation | null {
  const taken = tryReserve(table, candidate, now, need);
  return typeof taken === 'string' ? null : taken;
}

/** As `reserve`, but says why not. */
export function tryReserve(
  table: KeyTable,
  candidate: Candidate,
  now: number,
  need?: Need,
): Reservation | ReserveRefusal {
  if (table.plan.candidates[candidate.index] !== candidate) return 'stale';
  const looksFirst = mayProbe(table, candidate);
  const record = endpointRecord(table, candidate);
  if (!hasLease(table) && !findLeases(table)) return 'busy';
  if (
    looksFirst ? !lockForSettling(table, candidate, record) : !lockRecords(table, candidate.locks)
  )
    return 'busy';
  const taken = need ?? UNKNOWN_NEED;
  const refusal = refusalOf(table, candidate, now, need);
  let sendSeq = 0;
  let lease = 0;
  let probing = false;
  if (refusal === null) {
    sendSeq = nextSendSequence(table.ints);
    const attempts = keyCell(table, candidate, KEY_CELL.attempts);
    write(table, attempts, readCell(table, attempts) + 1);
    const inFlight = keyCell(table, candidate, KEY_CELL.inFlight);
    write(table, inFlight, readCell(table, inFlight) + 1);
    takeLimits(table, candidate, taken, now);
    lease = takeLease(table, candidate, taken, sendSeq);
    if (looksFirst) probing = takeProbes(table, candidate, sendSeq, now);
    commit(table);
  }
  if (looksFirst) unlockRecord(table, record);
  unlockRecords(table, candidate.locks);
  if (refusal !== null) return refusal;
  return {
    candidate,
    sendSeq,
    sentAt: now,
    generation: generationOf(table),
    need: taken,
    lease,
    probing,
    table,
    firstContentAt: 0,
    settled: false,
  };
}

/** Under the locks: what keeps a candidate away from this need; null when nothing does. */
function refusalOf(
  table: KeyTable,
  candidate: Candidate,
  now: number,
  need: Need | undefined,
): ReserveRefusal | null {
  if (!isEligible(table, candidate, now, need)) return 'cooled';
  const fit = fitOf(table, candidate, now, need);
  if (fit === FIT.fits) return null;
  return fit === FIT.too_large ? 'too_large' : 'does_not_fit';
}

/**
 * The attempt has brought its first content, so it has passed. What it was looking at as the one attempt of a half-open cooldown is over,
 * and where nobody tells limits, a pause that was only a guess: returned as cleared. An answer may go on for minutes, and all that
 * time the pause would be taken to hold. Before the attempt is settled; a second call does nothing.
 */
export function noteFirstContent(
  table: KeyTable,
  reservation: Reservation,
  now: number,
): CooldownChange[] {
  if (reservation.firstContentAt > 0 || reservation.settled) return [];
  reservation.firstContentAt = now;
  const { table: home, candidate, sendSeq, sentAt, need } = reservation;
  const teaches = hasLearned(home, candidate);
  if (!reservation.probing && !teaches) return [];
  const record = endpointRecord(home, candidate);
  if (!lockForSettling(home, candidate, record)) return [];
  if (reservation.probing) clearProbed(home, candidate, sendSeq, now);
  if (teaches) {
    clearGuesses(home, candidate, { sendSeq, now }, need);
    notePassed(home, candidate, { sentAt });
  }
  commit(home);
  unlockRecord(home, record);
  unlockRecords(home, candidate.locks);
  const at = { now, wallNow: 0 };
  const changes = takeChanges(home, at, '');
  if (changes.length > 0 && table.buffer !== home.buffer) restoreCooldowns(table, changes, at);
  return changes;
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
  if (at.told !== undefined) observeInHeir(table, reservation, at.told.observations, at);
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

/** The attempt, and what is known once the records are locked. */
interface Sent extends Refused {
  currentSeq: number;
}

type BreakerSent = Pick<Sent, 'sendSeq' | 'currentSeq' | 'now'>;

/** What a verdict asks for, worked out before anything is locked. */
interface Judgement {
  readonly verdict: Verdict;
  readonly scope: number;
  readonly terms: CooldownTerms | null;
  readonly blame: Blame | null;
  readonly sent: Sent;
  readonly charged: readonly number[];
}

/** What a failure means for the breaker of its endpoint. */
interface Blame {
  readonly terms: CooldownTerms;
  /** The consumer that met it, where it is not known to be the endpoint's fault. */
  readonly suspectedBy: number | null;
  readonly how: 'failed' | 'unreached';
}

function blameOf(verdict: Verdict, suspectedBy: number | null): Blame | null {
  const terms = breakerTermsOf(verdict);
  if (terms === null) return null;
  return { terms, suspectedBy, how: verdict.unreached === true ? 'unreached' : 'failed' };
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
  if (at.told !== undefined && !isOld(table, judgement)) {
    const { observations, refused } = at.told;
    takeObservations(table, { ...reservation, settled: false }, observations, { ...at, refused });
  }
  // First and last write belong together: a settlement that was torn apart shows in the sums.
  giveBack(table, candidate);
  returnLimits(table, candidate, reservation.need, judgement.charged);
  const aftermath =
    verdict.class === 'success'
      ? observeSuccess(table, reservation, judgement)
      : observeFailure(table, candidate, judgement);
  if (reservation.probing) freeProbes(table, candidate, reservation.sendSeq);
  if (at.sample !== undefined) learnSizes(table, candidate, at.sample);
  const { firstContentAt } = reservation;
  if (firstContentAt > 0) learnFirstToken(table, candidate, firstContentAt - reservation.sentAt);
  freeLease(table, reservation.lease);
  countEnd(table, candidate, verdict);
  commit(table);
  unlockRecord(table, record);
  unlockRecords(table, candidate.locks);
  if (aftermath === 'suspend') suspendRefused(table, candidate.endpoint, at.now);
  if (aftermath === 'reinstate') reinstateRefused(table, candidate.endpoint, at.now);
  return table.notedCount === 0 ? [] : takeChanges(table, at, verdict.evidence);
}

function judge(reservation: Reservation, verdict: Verdict, at: SettleAt): Judgement {
  const { candidate, need, sendSeq, sentAt, table } = reservation;
  const sent: Sent = { candidate, need, sendSeq, sentAt, currentSeq: 0, now: at.now };
  const scope = scopeOf(candidate, verdict);
  const kind = table.plan.scopes[scope]?.kind;
  const terms = kind === undefined ? null : termsOf(verdict, kind, at.random());
  const charged = at.charged ?? chargedFor(need, verdict);
  return { verdict, scope, terms, blame: blameOf(verdict, null), sent, charged };
}

/** Whether it is a refusal from before a hand cleared what it is about: then nothing is concluded from it. */
const isOld = (table: KeyTable, { scope, sent }: Judgement): boolean =>
  scope >= 0 && isOverruled(table, scope, sent.sendSeq, true);

/** What has to follow at the provider's other keys, whose records are not locked here. */
type Aftermath = 'none' | 'suspend' | 'reinstate';

function observeSuccess(
  table: KeyTable,
  reservation: Reservation,
  { sent, charged }: Judgement,
): Aftermath {
  const { candidate, sendSeq, need } = reservation;
  countForBreaker(table, candidate, 'well', sent.now);
  const cooling = endpointCell(table, candidate.endpoint, ENDPOINT_CELL.coolingUntil);
  if (readCell(table, cooling) > 0) {
    // Only what was served: what was refused was charged nothing, and gives nothing back.
    raiseBounds(table, candidate, { need, charged, now: sent.now });
    clearGuesses(table, candidate, sent, need);
  }
  notePassed(table, candidate, sent);
  return noteAcceptedCredential(table, candidate, sendSeq) ? 'reinstate' : 'none';
}

/** What an attempt that has passed shows to be over, in all of its candidate's scopes. */
function clearGuesses(
  table: KeyTable,
  { scopes }: Candidate,
  sent: { readonly sendSeq: number; readonly now: number },
  need: Need,
): void {
  for (let at = 0; at < scopes.length; at += 1) clearProven(table, scopes[at] ?? 0, sent, need);
}

function observeFailure(table: KeyTable, candidate: Candidate, judgement: Judgement): Aftermath {
  const { verdict, scope, terms, blame, sent } = judgement;
  sent.currentSeq = currentSendSequence(table.ints);
  if (blame !== null) observeBreaker(table, candidate, blame, sent);
  if (!isOld(table, judgement)) learnFromRefusal(table, verdict, sent, terms);
  if (terms === null) return 'none';
  coolSlot(table, scope, terms, sent);
  if (verdict.class !== 'credential_dead' || verdict.scope !== 'key') return 'none';
  if (verdict.probe === 'never') return 'none';
  const suspect = noteRefusedCredential(table, candidate, sent.sendSeq, sent.now);
  return suspect ? 'suspend' : 'none';
}

/**
 * A failure from before the breaker opened, or before the endpoint was well again, belongs to what is over. That of the one attempt
 * that looked opens it again at once.
 */
function observeBreaker(
  table: KeyTable,
  candidate: Candidate,
  { terms, suspectedBy, how }: Blame,
  sent: BreakerSent,
): void {
  const index = scopeAt(candidate, 'endpoint_group');
  const scope = table.plan.scopes[index];
  if (scope === undefined) return;
  if (isOverruled(table, index, sent.sendSeq, false)) return;
  const slot = slotAbout(table, scope, terms.identity);
  const cell = slotCell(table, slot);
  if (slot >= 0 && sent.sendSeq <= readCell(table, cell + SLOT.setSeq)) return;
  const looked = slot >= 0 && readCell(table, cell + SLOT.probeSeq) === sent.sendSeq;
  const opens =
    suspectedBy === null
      ? countForBreaker(table, candidate, how, sent.now)
      : suspectForBreaker(table, candidate, suspectedBy, sent.now);
  if (opens || looked) coolSlot(table, index, terms, sent);
}

function giveBack(table: KeyTable, candidate: Candidate): void {
  const inFlight = keyCell(table, candidate, KEY_CELL.inFlight);
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
