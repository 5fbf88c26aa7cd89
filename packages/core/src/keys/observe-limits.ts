import { readCell } from './cooldown-cells.ts';
import { dimensionCode, dimensionOf } from './cooldown-codes.ts';
import { LONGEST_MS } from './cooldown-terms.ts';
import type { KeyTable } from './key-table.ts';
import { usedAtSend } from './lease-cells.ts';
import { chargedBy, effectiveOf, isContinuous, limitCell, nextReset } from './limit-cells.ts';
import { forgetLearned } from './forget-learned.ts';
import type { LimitObservation } from './limit-observation.ts';
import { countLimit, type LimitCount } from './limit-counts.ts';
import { dimensionInTag, MARK, marksInTag, packTag, REFILL, refillInTag } from './limit-tag.ts';
import type { Need } from './need.ts';
import type { Candidate, KeyPlan } from './plan.ts';
import { QUANTITY, quantityOfCode, spanOfCode } from './quantity.ts';
import { BLOCK, HEADER, LIMIT, LIMIT_SLOTS } from './table-layout.ts';
import { commit, lockRecords, unlockRecords, write } from './table-journal.ts';
import { mostLeft, windowEnd, type WindowEnd } from './window-end.ts';

/** Larger numbers are no limits. */
const MOST = 1e12;

/** What of a reservation an observation is told with. */
export interface ObservedAttempt {
  readonly candidate: Candidate;
  readonly need: Need;
  readonly lease: number;
  readonly sendSeq: number;
  readonly sentAt: number;
  readonly table: KeyTable;
  readonly settled: boolean;
}

/** What a response told about limits, where it is taken in together with its verdict. */
export interface ToldLimits {
  readonly observations: readonly LimitObservation[];
  /** As of `ObservedAt`. */
  readonly refused: boolean;
}

/** When and as what an observation came. */
export interface ObservedAt {
  readonly now: number;
  /** True where the provider refused the attempt: then what it told does not include it. */
  readonly refused?: boolean;
}

/**
 * Takes in what a response told about limits, in the order in which attempts were sent: what an earlier one learned never overwrites
 * what a later one did. Before the attempt is settled; as often as its response tells something. What cannot be is left out, and
 * counted. Nothing while the domain's record is busy: the next response tells it again.
 */
export function observeLimits(
  table: KeyTable,
  reservation: ObservedAttempt,
  observations: readonly LimitObservation[],
  at: ObservedAt,
): void {
  if (observations.length === 0) return;
  const home = reservation.table;
  if (lockRecords(home, reservation.candidate.locks)) {
    takeObservations(home, reservation, observations, at);
    unlockRecords(home, reservation.candidate.locks);
  }
  observeInHeir(table, reservation, observations, at);
}

/** Where a new snapshot's table rules meanwhile, what was told holds there as well, for the scope of the same name. */
export function observeInHeir(
  table: KeyTable,
  reservation: ObservedAttempt,
  observations: readonly LimitObservation[],
  at: ObservedAt,
): void {
  if (table.buffer === reservation.table.buffer) return;
  const { candidate } = reservation;
  const heir = table.plan.candidates.find(
    (each) =>
      each.key.id === candidate.key.id &&
      each.provider.id === candidate.provider.id &&
      each.model === candidate.model &&
      each.key.fingerprint === candidate.key.fingerprint,
  );
  if (heir === undefined || !lockRecords(table, heir.locks)) return;
  takeObservations(table, { ...reservation, candidate: heir, lease: -1 }, observations, at);
  unlockRecords(table, heir.locks);
}

/** Under the candidate's locks, each observation for itself. */
export function takeObservations(
  table: KeyTable,
  reservation: Omit<ObservedAttempt, 'table'>,
  observations: readonly LimitObservation[],
  at: ObservedAt,
): void {
  const { candidate } = reservation;
  const sent: Sent = { sendSeq: reservation.sendSeq, sentAt: reservation.sentAt, now: at.now };
  for (const observation of observations) {
    const place = observation.level === 'organization' ? 0 : candidate.blocks.length - 1;
    const block = candidate.blocks[place] ?? 0;
    const quantity = quantityOfCode(dimensionCode(observation.dimension));
    const amount = reservation.need.total[quantity] ?? 0;
    const own = at.refused === true ? upfrontOf(reservation, quantity) : 0;
    const used =
      reservation.lease < 0 || reservation.settled
        ? readCell(table, block + BLOCK.used + quantity)
        : usedAtSend(table, reservation.lease, place, quantity) - own;
    const taken = applyObservation(table, block, observation, { ...sent, used, amount });
    if (taken !== 'taken') countLimit(table, taken);
    commit(table);
  }
}

function upfrontOf({ need }: Pick<ObservedAttempt, 'need'>, quantity: number): number {
  return (need.total[quantity] ?? 0) - (need.late[quantity] ?? 0);
}

interface Sent {
  readonly sendSeq: number;
  readonly sentAt: number;
  readonly now: number;
}

/**
 * Where and how an observation is taken in: `used` is what the block had been charged when its attempt was sent, `amount` what the
 * attempt itself needs.
 */
interface Taken extends Sent {
  readonly used: number;
  readonly amount: number;
}

/**
 * Under the block's lock: one observation, and what became of it. `implausible`: some number of it cannot be, and was left out;
 * `ignored`: the block has no place for one dimension more. `source` `config` is how a declared limit enters.
 */
export function applyObservation(
  table: KeyTable,
  block: number,
  observation: LimitObservation,
  taken: Taken,
): 'taken' | LimitCount {
  const limit = plausible(observation.limit);
  const remaining = plausible(observation.remaining);
  if (limit === null && remaining === null) return isUnknown(observation) ? 'taken' : 'implausible';
  const dimension = dimensionCode(observation.dimension);
  const at = placeFor(table, block, dimension);
  if (at < 0) return 'ignored';
  if (
    readCell(table, at + LIMIT.tag) !== 0 &&
    taken.sendSeq < readCell(table, at + LIMIT.sentSeq)
  ) {
    return 'taken';
  }
  const named = limit === 0 ? null : limit;
  writeLimit(table, { block, at, dimension }, observation, { ...taken, limit: named, remaining });
  return isPlausibleReset(observation.resetInMs) ? 'taken' : 'implausible';
}

/** A count as it can be used; null for what is not known or cannot be. */
function plausible(count: number | null): number | null {
  return count !== null && count >= 0 ? Math.min(count, MOST) : null;
}

/** -1 is how some providers say that they do not know. */
function isUnknown({ limit, remaining }: LimitObservation): boolean {
  return (limit === null || limit === -1) && (remaining === null || remaining === -1);
}

const isPlausibleReset = (resetInMs: number | null): boolean =>
  resetInMs === null || (resetInMs >= 0 && resetInMs <= LONGEST_MS);

/** The cell of the limit of this dimension, or of a free place; -1 when there is none. */
function placeFor(table: KeyTable, block: number, dimension: number): number {
  for (let place = 0; place < LIMIT_SLOTS; place += 1) {
    const at = limitCell(block, place);
    const tag = readCell(table, at + LIMIT.tag);
    if (tag === 0 || dimensionInTag(tag) === dimension) return at;
  }
  return -1;
}

/** The cell of the limit of this dimension; -1 where none is known. */
export function knownLimit(table: KeyTable, block: number, dimension: number): number {
  const at = placeFor(table, block, dimension);
  return at < 0 || readCell(table, at + LIMIT.tag) === 0 ? -1 : at;
}

interface Place {
  readonly block: number;
  readonly at: number;
  readonly dimension: number;
}

interface Numbers extends Taken {
  readonly limit: number | null;
  readonly remaining: number | null;
}

function writeLimit(
  table: KeyTable,
  place: Place,
  observation: LimitObservation,
  numbers: Numbers,
): void {
  const { block, at, dimension } = place;
  const { now, used } = numbers;
  if (readCell(table, limitCell(block, 0) + LIMIT.tag) === 0) forgetLearned(table, block);
  // Whether the numbers include what was given back since the attempt was sent, nobody knows; so that does not count twice.
  const given = readCell(table, block + BLOCK.given + quantityOfCode(dimension));
  const tag = readCell(table, at + LIMIT.tag);
  const { limit, marks } = limitFor(table, place, observation, numbers);
  const before = tag === 0 ? 0 : readCell(table, at + LIMIT.limit);
  const said = numbers.remaining === null ? null : Math.min(numbers.remaining, limit);
  const refill = refillFor(table, at, observation, { ...numbers, remaining: said, limit, given });
  const rate = rateFor(table, at, observation, { limit, remaining: said, refill, dimension });
  const sentAt = Math.min(numbers.sentAt, now);
  const { resetAt, isOver } = resetFor(table, at, observation, { now, sentAt, refill, dimension });
  // What was left of a window that has ended since says nothing of the one that followed.
  const remaining = isOver ? null : said;
  const beyond = (marks & MARK.declared) !== 0 && (numbers.limit === null || numbers.limit > limit);
  const own =
    tag === 0 ? Infinity : leftOf(table, place, now) + headway(table, block, dimension, used);
  const most = mostLeft(table, block, { dimension, refill, own, remaining, beyond });
  if (remaining !== null) {
    const sinceMs = Math.max(0, now - numbers.sentAt);
    const back = refill === REFILL.continuous ? rate * sinceMs : 0;
    const left = Math.min(limit, most, remaining + back);
    write(table, at + LIMIT.balance, left + used - given);
    write(table, at + LIMIT.at, now);
    write(table, at + LIMIT.told, remaining);
  } else if (tag === 0) {
    write(table, at + LIMIT.balance, limit + used - given);
    write(table, at + LIMIT.at, now);
    write(table, at + LIMIT.told, -1);
  } else if (limit !== before) {
    // What a limit grows by is there at once; what it shrinks by may have been used already.
    const more = Math.max(0, limit - before);
    const left = Math.min(limit, leftOf(table, place, now) + more);
    write(table, at + LIMIT.balance, left + chargedBy(table, block, quantityOfCode(dimension)));
    write(table, at + LIMIT.at, now);
  }
  write(table, at + LIMIT.limit, limit);
  write(table, at + LIMIT.rate, rate);
  write(table, at + LIMIT.resetAt, resetAt);
  write(table, at + LIMIT.sentSeq, numbers.sendSeq);
  write(table, at + LIMIT.tag, packTag(dimension, refill, observation.source, marks));
  // Whoever draws by known rates looks again.
  if (Math.abs(limit - before) > 0.05 * limit) Atomics.add(table.ints, HEADER.limitsChanged, 1);
}

/** What was charged since the attempt was sent: `used` is what had been by then. */
function headway(table: KeyTable, block: number, dimension: number, used: number): number {
  return readCell(table, block + BLOCK.used + quantityOfCode(dimension)) - used;
}

/** What is left by our own account, what is open not taken off. */
function leftOf(table: KeyTable, { block, at, dimension }: Place, now: number): number {
  const open = readCell(table, block + BLOCK.open + quantityOfCode(dimension));
  return effectiveOf(table, block, at, now) + open;
}

/** The limit that counts: the provider's, but never more than what was declared; where nobody names it, the most that was left. */
function limitFor(
  table: KeyTable,
  { at, block, dimension }: Place,
  observation: LimitObservation,
  { limit, remaining }: Numbers,
): { readonly limit: number; readonly marks: number } {
  const tag = readCell(table, at + LIMIT.tag);
  const known = tag === 0 ? 0 : readCell(table, at + LIMIT.limit);
  const declared = observation.source === 'config' || (tag & MARK.declared) !== 0;
  const mark = declared ? MARK.declared : 0;
  if (limit !== null) {
    const bound =
      declared && observation.source !== 'config'
        ? declaredIn(table.plan, block, dimension)
        : Infinity;
    return { limit: Math.min(limit, bound), marks: mark };
  }
  const guessed = tag === 0 || (tag & MARK.guessed) !== 0;
  if (!guessed) return { limit: known, marks: marksInTag(tag) };
  const places = quantityOfCode(dimension) === QUANTITY.places;
  const open = places ? readCell(table, block + BLOCK.open + QUANTITY.places) : 0;
  return { limit: Math.max(known, (remaining ?? 0) + open, 1), marks: mark | MARK.guessed };
}

/** What was declared of a limit; Infinity where nothing was. */
function declaredIn(plan: KeyPlan, block: number, dimension: number): number {
  for (const each of plan.declared) {
    const own = plan.layout.blocks + each.block * BLOCK.cells === block;
    if (own && each.dimension === dimensionOf(dimension)) return each.limit;
  }
  return Infinity;
}

/** A rise that ends less than this before the reset may be the reset itself, seen by a clock that is a little off. */
const NEAR_RESET_MS = 2000;
const NEAR_RESET_SHARE = 0.1;
/** A rise from below half to this share of the limit looks like a reset, whatever was said of it. */
const NEARLY_FULL = 0.9;
/** As far as what was given back may be seen before it is counted, and as many attempts may overtake each other between two that tell. */
const GIVEN_SHARE = 0.01;
const OVERTAKING = 3;

/** Unknown starts as a window, and is continuous once more is left than before with no reset in between. */
function refillFor(
  table: KeyTable,
  at: number,
  observation: LimitObservation,
  numbers: Numbers & { readonly limit: number; readonly given: number },
): number {
  if (observation.refill !== undefined) return REFILL[observation.refill];
  const tag = readCell(table, at + LIMIT.tag);
  if (tag === 0) return REFILL.unknown;
  const known = refillInTag(tag);
  const { remaining, limit, now } = numbers;
  const told = readCell(table, at + LIMIT.told);
  if (known !== REFILL.unknown || remaining === null || told < 0 || remaining <= told) return known;
  const span = spanOfCode(dimensionInTag(tag));
  const resetAt = readCell(table, at + LIMIT.resetAt);
  const nearMs = Math.min(NEAR_RESET_MS, span * NEAR_RESET_SHARE);
  const passed = resetAt > 0 && resetAt - now <= nearMs;
  const jumped = told < limit / 2 && remaining >= NEARLY_FULL * limit;
  const moved = limit !== readCell(table, at + LIMIT.limit);
  if (passed || jumped || moved) return known;
  // What attempts gave back by using less than was taken is no refill, nor is one that overtook another on its way.
  const expected = readCell(table, at + LIMIT.balance) - numbers.used + numbers.given;
  const noise = GIVEN_SHARE * limit + OVERTAKING * numbers.amount;
  return remaining > Math.max(expected, told) + noise ? REFILL.continuous : known;
}

/** A rate that follows from so small a part of the limit is noise, once there is another. */
const TELLING_SHARE = 0.01;
const LEAST_SPAN_MS = 1000;

function rateFor(
  table: KeyTable,
  at: number,
  observation: LimitObservation,
  of: {
    readonly limit: number;
    readonly remaining: number | null;
    readonly refill: number;
    readonly dimension: number;
  },
): number {
  if (of.refill !== REFILL.continuous) return 0;
  const span = spanOfCode(of.dimension);
  if (span === Infinity) return 0;
  const tag = readCell(table, at + LIMIT.tag);
  const known = tag !== 0 && isContinuous(tag) ? readCell(table, at + LIMIT.rate) : 0;
  const most = of.limit / Math.min(span, LEAST_SPAN_MS);
  const plain = known > 0 ? Math.min(known, most) : of.limit / span;
  const { resetInMs } = observation;
  if (observation.reset !== 'full_again' || of.remaining === null || resetInMs === null) {
    return plain;
  }
  const missing = of.limit - of.remaining;
  if (!(resetInMs > 0 && resetInMs <= LONGEST_MS && missing > 0)) return plain;
  if (known > 0 && missing < TELLING_SHARE * of.limit) return plain;
  return Math.min(missing / resetInMs, most);
}

/** When a window ends; where nobody says so, after its own length. */
function resetFor(
  table: KeyTable,
  at: number,
  observation: LimitObservation,
  of: {
    readonly now: number;
    readonly sentAt: number;
    readonly refill: number;
    readonly dimension: number;
  },
): WindowEnd {
  const { resetInMs } = observation;
  const told =
    resetInMs !== null &&
    observation.reset !== 'this_request' &&
    isPlausibleReset(resetInMs) &&
    resetInMs > 0;
  if (of.refill === REFILL.continuous) {
    return { resetAt: told ? of.now + resetInMs : 0, isOver: false };
  }
  const span = spanOfCode(of.dimension);
  const known = readCell(table, at + LIMIT.tag) === 0 ? 0 : readCell(table, at + LIMIT.resetAt);
  if (told) {
    const latest = of.now + resetInMs;
    return windowEnd({ known, spanMs: span, earliest: of.sentAt + resetInMs, latest, now: of.now });
  }
  if (span === Infinity) return { resetAt: 0, isOver: false };
  return { resetAt: known > 0 ? nextReset(known, span, of.now) : of.now + span, isOver: false };
}

/**
 * Declares limits in a table whose blocks were carried over from another one: what a provider told stays where it is less. Before any
 * other thread has the table.
 */
export function declareLimits(table: KeyTable, now: number): void {
  for (const { block, dimension, limit, refill } of table.plan.declared) {
    const first = table.layout.blocks + block * BLOCK.cells;
    const code = dimensionCode(dimension);
    const at = knownLimit(table, first, code);
    const tag = at < 0 ? 0 : readCell(table, at + LIMIT.tag);
    const told = tag !== 0 && marksInTag(tag) === 0 ? readCell(table, at + LIMIT.limit) : Infinity;
    const sentSeq = at < 0 ? 0 : readCell(table, at + LIMIT.sentSeq);
    const used = readCell(table, first + BLOCK.used + quantityOfCode(code));
    const bound = Math.min(limit, told);
    applyObservation(
      table,
      first,
      { dimension, limit: bound, remaining: null, resetInMs: null, refill, source: 'config' },
      { sendSeq: sentSeq, sentAt: now, now, used, amount: 0 },
    );
    commit(table);
  }
}
