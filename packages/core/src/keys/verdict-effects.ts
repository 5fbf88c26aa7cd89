import { readCell } from './cooldown-cells.ts';
import { dimensionCode } from './cooldown-codes.ts';
import {
  FORESEEN_GUESS,
  LONGEST_MS,
  probingGuess,
  withJitter,
  type CooldownTerms,
} from './cooldown-terms.ts';
import type { KeyTable } from './key-table.ts';
import { learnedPerMinute } from './learned-cells.ts';
import { lowerLearned, uncountLearned } from './learned-refusal.ts';
import { effectiveOf, limitCell, nodeCell, startOf } from './limit-cells.ts';
import { dimensionInTag, sourceInTag } from './limit-tag.ts';
import type { Need } from './need.ts';
import { applyObservation, knownLimit } from './observe-limits.ts';
import type { Candidate } from './plan.ts';
import { quantityOfCode } from './quantity.ts';
import { LIMIT, LIMIT_SLOTS, NODE_CELL } from './table-layout.ts';
import { write } from './table-journal.ts';
import type { Verdict } from './verdict.ts';

/** What a refusal says about limits, beside its cooldown. */
export interface Refused {
  readonly candidate: Candidate;
  readonly need: Need;
  readonly sendSeq: number;
  readonly sentAt: number;
  readonly currentSeq: number;
  readonly now: number;
}

/** Under the candidate's locks: what a verdict teaches about limits, and how long its cooldown lasts by what is known of them. */
export function learnFromRefusal(
  table: KeyTable,
  verdict: Verdict,
  refused: Refused,
  terms: CooldownTerms | null,
): void {
  switch (verdict.class) {
    case 'too_large_for_limit':
      learnLimit(table, verdict, refused);
      break;
    case 'concurrency':
      lowerCap(table, verdict, refused);
      break;
    case 'slow_down':
      learnPace(table, verdict, refused, terms);
      break;
    case 'window_exhausted_short':
    case 'window_exhausted_long':
      if (namesNothing(verdict)) learnPace(table, verdict, refused, terms);
      if (terms !== null) contradict(table, verdict, refused, terms);
      break;
    default:
  }
}

/** A refusal that names a dimension is about that, and its cooldown says how long; one that names none tells something of the pace. */
function namesNothing({ class: of, dimension }: Verdict): boolean {
  return of === 'window_exhausted_short' && dimension === 'unknown';
}

const placeOf = ({ level }: Verdict, { blocks }: Candidate): number =>
  level === 'organization' ? 0 : blocks.length - 1;

/**
 * Where nobody tells limits, the pace is learned, and what names no dimension is tried again after 1, 2, 4 … 32 s, of large limits sooner; after what was to be
 * expected as soon as there is room by what was learned.
 */
function learnPace(
  table: KeyTable,
  verdict: Verdict,
  refused: Refused,
  terms: CooldownTerms | null,
): void {
  const { blocks } = refused.candidate;
  const block = blocks[placeOf(verdict, refused.candidate)] ?? 0;
  for (let of = 0; of < blocks.length; of += 1)
    uncountLearned(table, blocks[of] ?? 0, refused.sentAt);
  if (readCell(table, limitCell(block, 0)) !== 0) return;
  const foreseen = lowerLearned(table, block, refused.candidate.breaker, refused);
  if (terms !== null)
    terms.guess = foreseen ? FORESEEN_GUESS : probingGuess(learnedPerMinute(table, block));
}

/** A limit that a provider named beside a request that is too large for it. */
function learnLimit(table: KeyTable, verdict: Verdict, refused: Refused): void {
  const { limit, dimension } = verdict;
  if (limit === undefined || !(limit > 0)) return;
  const block = refused.candidate.blocks[placeOf(verdict, refused.candidate)] ?? 0;
  const quantity = quantityOfCode(dimensionCode(dimension));
  applyObservation(
    table,
    block,
    { dimension, limit, remaining: null, resetInMs: null, source: 'body' },
    { ...refused, used: readCell(table, block + quantity), amount: 0 },
  );
}

/**
 * As many at the same time as ran when one more was refused; the refused one has been given back by now. What names an endpoint counts
 * for the domain's root: the endpoint is a process of its own there.
 */
function lowerCap(table: KeyTable, verdict: Verdict, { candidate, now }: Refused): void {
  const whole = verdict.level === 'organization' || verdict.scope.startsWith('endpoint');
  const node = candidate.locks[whole ? 0 : candidate.locks.length - 1] ?? 0;
  const inFlight = readCell(table, nodeCell(table, node, NODE_CELL.inFlight));
  write(table, nodeCell(table, node, NODE_CELL.cap), Math.max(1, inFlight));
  write(table, nodeCell(table, node, NODE_CELL.capSince), now);
}

/**
 * The provider refused what should have fitted, or nothing did: less is left than the refused need, as it named it or as it was
 * estimated. Smaller needs stay eligible only where its own numbers, told with this attempt or a later one, show that they fit. Where it
 * named no instant, the cooldown lasts until the refused need fits by what is known.
 */
function contradict(
  table: KeyTable,
  verdict: Verdict,
  refused: Refused,
  terms: CooldownTerms,
): void {
  const block = refused.candidate.blocks[placeOf(verdict, refused.candidate)] ?? 0;
  if (verdict.dimension === 'unknown') {
    terms.refusedNeed = 0;
    lastFor(terms, latestStart(table, block, refused), refused.now);
    return;
  }
  const code = dimensionCode(verdict.dimension);
  const at = knownLimit(table, block, code);
  if (at < 0) {
    terms.refusedNeed = 0;
    return;
  }
  const quantity = quantityOfCode(code);
  const least = terms.refusedNeed > 0 ? terms.refusedNeed : (refused.need.total[quantity] ?? 1);
  const amount = Math.max(1, least);
  const above = effectiveOf(table, block, at, refused.now) - (amount - 1);
  if (above > 0) {
    write(table, at + LIMIT.balance, readCell(table, at + LIMIT.balance) - above);
  }
  terms.refusedNeed = wasTold(table, at, refused) ? amount : 0;
  lastFor(terms, startOf(table, block, at, { amount, now: refused.now }), refused.now);
}

function wasTold(table: KeyTable, at: number, { sendSeq }: Refused): boolean {
  const source = sourceInTag(readCell(table, at + LIMIT.tag));
  return (
    (source === 'header' || source === 'body') &&
    readCell(table, at + LIMIT.told) >= 0 &&
    readCell(table, at + LIMIT.sentSeq) >= sendSeq
  );
}

/** When the last of the limits that have too little left for the need has enough. */
function latestStart(table: KeyTable, block: number, { need, now }: Refused): number {
  let latest = now;
  for (let place = 0; place < LIMIT_SLOTS; place += 1) {
    const at = limitCell(block, place);
    const tag = readCell(table, at + LIMIT.tag);
    if (tag === 0) break;
    const amount = need.total[quantityOfCode(dimensionInTag(tag))] ?? 0;
    latest = Math.max(latest, startOf(table, block, at, { amount, now }));
  }
  return latest;
}

/** A cooldown that nobody named an end of lasts until then; one that ends at once stays the guess it was. */
function lastFor(terms: CooldownTerms, startAt: number, now: number): void {
  const lengthMs = startAt - now;
  if (terms.lengthMs !== null || !(lengthMs > 0 && lengthMs <= LONGEST_MS)) return;
  terms.lengthMs = withJitter(lengthMs, terms.random);
}
