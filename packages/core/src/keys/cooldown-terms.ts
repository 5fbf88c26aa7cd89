import { classCode, dimensionCode, identityOf, type ScopeKind } from './cooldown-codes.ts';
import { FLAG } from './table-layout.ts';
import type { Verdict, VerdictClass } from './verdict.ts';

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** No cooldown ends later than this, whatever a provider says. */
export const LONGEST_MS = 35 * DAY_MS;
/** A minute's limit that ends later than this is no minute's limit. */
const LONGEST_SHORT_MS = HOUR_MS;
const JITTER_SHARE = 0.05;
const LONGEST_JITTER_MS = SECOND_MS;

/** How long to guess where the provider names no instant: doubled with each strike, up to the cap. */
interface Guess {
  readonly baseMs: number;
  readonly capMs: number;
}

/**
 * Classes that cool, with their guesses. Absent: the class cools nothing by one verdict. A minute's window is guessed short first,
 * since most refill continuously, and never longer than the minute it is; a long window starts at 15 min, since only a real attempt can
 * tell. `clock_fault` cools nothing: the key is not to blame.
 */
const GUESSES: Partial<Record<VerdictClass, Guess>> = {
  funds_exhausted: { baseMs: 5 * MINUTE_MS, capMs: HOUR_MS },
  window_exhausted_long: { baseMs: 15 * MINUTE_MS, capMs: 6 * HOUR_MS },
  window_exhausted_short: { baseMs: 10 * SECOND_MS, capMs: MINUTE_MS },
  concurrency: { baseMs: 5 * SECOND_MS, capMs: 5 * SECOND_MS },
  slow_down: { baseMs: SECOND_MS, capMs: 5 * SECOND_MS },
  credential_expired: { baseMs: 15 * MINUTE_MS, capMs: 6 * HOUR_MS },
  credential_dead: { baseMs: 15 * MINUTE_MS, capMs: 6 * HOUR_MS },
  region_blocked: { baseMs: HOUR_MS, capMs: HOUR_MS },
  model_forbidden: { baseMs: HOUR_MS, capMs: DAY_MS },
};

/** While an endpoint's breaker is open: 1 s, doubled each time it opens again with no success in between. */
const BREAKER_GUESS: Guess = { baseMs: SECOND_MS, capMs: 30 * SECOND_MS };

/** A window that may be over is asked again when so many requests could have passed: of large limits soon, and few are refused for it. */
export const ASKED_EACH = 30;
/** The longest pause where the pace has to be learned from refusals, since nobody tells a limit. */
const LONGEST_PROBING_MS = 32 * SECOND_MS;

/** Where the pace has to be learned from refusals, of a limit of so many requests a minute as far as is known; 0 where nothing is. */
export function probingGuess(perMinute: number): Guess {
  const pauseMs = perMinute > 0 ? (ASKED_EACH * MINUTE_MS) / perMinute : LONGEST_PROBING_MS;
  return { baseMs: SECOND_MS, capMs: Math.min(LONGEST_PROBING_MS, Math.max(SECOND_MS, pauseMs)) };
}

/**
 * Where a refusal was to be expected by what is known of a limit that nobody tells: what is known says when there is room. It makes no
 * later guess longer.
 */
export const FORESEEN_GUESS: Guess = Object.freeze({ baseMs: 50, capMs: 50 });

/** What a verdict asks of one scope's cooldown: numbers only, worked out before anything is locked. */
export interface CooldownTerms {
  readonly class: number;
  readonly dimension: number;
  /** What it is about, see `identityOf`. */
  readonly identity: number;
  readonly flags: number;
  refusedNeed: number;
  /** How long from now; null where the strikes decide. */
  lengthMs: number | null;
  /** Uniform in [0, 1): spreads an end that is worked out later. */
  readonly random: number;
  guess: Guess;
}

/** The terms of a verdict, or null when it cools nothing. `random` is uniform in [0, 1) and spreads the ends of named instants. */
export function termsOf(verdict: Verdict, kind: ScopeKind, random: number): CooldownTerms | null {
  const of = plausibleClass(verdict);
  const guess = GUESSES[of];
  if (guess === undefined) return null;
  // Where nobody may look whether it is over, it lasts as long as anything can, and no success or incident ends it.
  const never = verdict.probe === 'never';
  const named = never ? LONGEST_MS : verdict.endsInMs;
  const usable = named !== undefined && named > 0 && Number.isFinite(named);
  const tooFar = usable && named > LONGEST_MS;
  const implausible = verdict.implausible === true || tooFar || (named !== undefined && !usable);
  const authoritative = (never || verdict.authoritative) && usable && !implausible;
  const lengthMs = usable ? Math.min(named, LONGEST_MS) : null;
  return {
    class: classCode(of),
    dimension: dimensionCode(verdict.dimension),
    identity: identityOf(kind, of, verdict.dimension),
    flags: flagsOf(of, authoritative, implausible),
    refusedNeed: refusedNeedOf(verdict.refusedNeed),
    lengthMs: authoritative && lengthMs !== null ? withJitter(lengthMs, random) : lengthMs,
    random,
    guess,
  };
}

/** The terms of an endpoint's breaker that opens. What the provider named as its wait is the least, within the breaker's bounds. */
export function breakerTerms(verdict: Verdict): CooldownTerms {
  const { class: of } = verdict;
  const floorMs = Math.min(verdict.endsInMs ?? 0, BREAKER_GUESS.capMs);
  return {
    class: classCode(of),
    dimension: dimensionCode('unknown'),
    identity: identityOf('endpoint_group', of, 'unknown'),
    flags: FLAG.halfOpen,
    refusedNeed: 0,
    lengthMs: null,
    random: 0,
    guess: floorMs > BREAKER_GUESS.baseMs ? { ...BREAKER_GUESS, baseMs: floorMs } : BREAKER_GUESS,
  };
}

/** Guesses that last are looked after by one attempt at a time; funds also where a date was given. */
const HALF_OPEN: ReadonlySet<VerdictClass> = new Set([
  'funds_exhausted',
  'window_exhausted_long',
  'credential_expired',
  'credential_dead',
  'region_blocked',
  'model_forbidden',
]);

function flagsOf(of: VerdictClass, authoritative: boolean, implausible: boolean): number {
  return (
    (authoritative ? FLAG.authoritative : 0) |
    (implausible ? FLAG.implausible : 0) |
    (isHalfOpen(of, authoritative) ? FLAG.halfOpen : 0)
  );
}

/** Whether one attempt has to look first, once a cooldown of this class has ended. */
export function isHalfOpen(of: VerdictClass, authoritative: boolean): boolean {
  return HALF_OPEN.has(of) && (!authoritative || of === 'funds_exhausted');
}

/** How long this cooldown lasts when it is set for the `strikes`-th time in a row. */
export function lengthOf(terms: CooldownTerms, strikes: number): number {
  if (terms.lengthMs !== null) return terms.lengthMs;
  return Math.min(
    terms.guess.capMs,
    terms.guess.baseMs * 2 ** Math.min(Math.max(0, strikes - 1), 30),
  );
}

function plausibleClass({ class: of, endsInMs }: Verdict): VerdictClass {
  const long =
    of === 'window_exhausted_short' && endsInMs !== undefined && endsInMs > LONGEST_SHORT_MS;
  return long ? 'window_exhausted_long' : of;
}

/** Never earlier than the instant, and spread so that not everybody comes back at once. */
export function withJitter(lengthMs: number, random: number): number {
  return lengthMs + random * Math.min(LONGEST_JITTER_MS, lengthMs * JITTER_SHARE);
}

function refusedNeedOf(refused: number | undefined): number {
  return refused !== undefined && refused > 0 ? refused : 0;
}
