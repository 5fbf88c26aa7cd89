import type { LimitObservation } from '@keywell/core/keys/limit-observation';
import type { Outcome } from '@keywell/core/keys/outcome';
import type { Dimension } from '@keywell/core/keys/verdict';
import { parseCount, parseDecimal, parsePercentage } from '@keywell/core/time/decimal';
import { HOUR_MS } from '@keywell/core/time/duration';
import { parseHttpDate } from '@keywell/core/time/instant';
import { parseResetBy } from '@keywell/core/time/reset';

/** What a header that tells about a limit says besides numbers. */
interface LimitMeaning {
  readonly dimension: Dimension;
  /** What it counts when its reset is more than an hour ahead, where one set of names serves for a minute and for a day. */
  readonly longDimension?: Dimension;
  readonly level?: 'organization' | 'project';
  readonly reset?: LimitObservation['reset'];
  readonly refill?: LimitObservation['refill'];
}

/** Headers that tell about one limit, by lower-case names, in one of the ways in which vendors do that. */
export type LimitHeader = LimitMeaning & {
  readonly names: {
    readonly limit?: string;
    readonly remaining?: string;
    readonly reset?: string;
    /** The used share of a limit whose size is not told, as a percentage or a fraction: observed as a limit of 1. */
    readonly utilization?: string;
    /** Says `yes` while the limit is exceeded. */
    readonly exceeded?: string;
  };
  /** The limit is a rate a second, told of a limit a minute; what remains of a second says nothing about a minute. */
  readonly perSecond?: boolean;
};

type Header = Outcome['header'];

/** Names of the form `x-ratelimit-{limit,remaining,reset}-<suffix>`. */
export function ratelimitHeader(
  suffix: string,
  dimension: Dimension,
  meaning: Omit<LimitMeaning, 'dimension'> = {},
): LimitHeader {
  return Object.freeze({
    ...meaning,
    dimension,
    names: Object.freeze({
      limit: `x-ratelimit-limit-${suffix}`,
      remaining: `x-ratelimit-remaining-${suffix}`,
      reset: `x-ratelimit-reset-${suffix}`,
    }),
  });
}

/**
 * What compatible hosts are known to send. A header's name says less than it seems (Groq's `requests` counts per day), so the
 * dimension is a name for the limit, not a promise about its window, and what the reset means is not known.
 */
export const COMPATIBLE_LIMITS: readonly LimitHeader[] = Object.freeze([
  ratelimitHeader('requests', 'requests_minute'),
  ratelimitHeader('tokens', 'tokens_minute'),
  ratelimitHeader('requests-day', 'requests_day'),
  ratelimitHeader('tokens-minute', 'tokens_minute'),
  {
    dimension: 'requests_minute',
    names: {
      limit: 'x-ratelimit-limit',
      remaining: 'x-ratelimit-remaining',
      reset: 'x-ratelimit-reset',
    },
  },
]);

/**
 * Reads one response's limits. It runs on every response, so a limit that is not told costs one look at the first of its names.
 * Resets that name an instant count from the response's own `date` and are unknown without one. Never throws, and no number in it
 * is negative, infinite or NaN.
 */
export function readLimitHeaders(
  headers: readonly LimitHeader[],
  header: Header,
): readonly LimitObservation[] {
  const observations: LimitObservation[] = [];
  const now = clockOf(header);
  for (const of of headers) {
    const amounts = readAmounts(of, header);
    if (amounts !== null) add(observations, observe(of, amounts, { header, now }));
  }
  return observations;
}

/** The clock of the response, read at most once, and only where something asks for it; NaN where it tells none. */
function clockOf(header: Header): () => number {
  let now: number | null = null;
  return () => (now ??= parseHttpDate(header('date')) ?? Number.NaN);
}

interface Response {
  readonly header: Header;
  readonly now: () => number;
}

type Amounts = Pick<LimitObservation, 'limit' | 'remaining'>;

function readAmounts({ names, perSecond }: LimitHeader, header: Header): Amounts | null {
  const { limit, remaining, utilization, exceeded } = names;
  if (exceeded !== undefined) return readExceeded(header(exceeded));
  if (utilization !== undefined) return readShare(header(utilization));
  const told = header(remaining ?? limit ?? '');
  if (told === undefined) return null;
  const most = limit === undefined ? null : parseCount(header(limit));
  if (perSecond === true) return readRate(most);
  const left = remaining === undefined ? null : parseCount(told);
  return left === null && most === null ? null : { limit: most, remaining: left };
}

function readRate(perSecond: number | null): Amounts | null {
  const perMinute = (perSecond ?? Infinity) * 60;
  return perMinute < Infinity ? { limit: perMinute, remaining: null } : null;
}

function readExceeded(text: string | undefined): Amounts | null {
  return text?.trim().toLowerCase() === 'yes' ? { limit: null, remaining: 0 } : null;
}

function readShare(text: string | undefined): Amounts | null {
  if (text === undefined) return null;
  const used = parsePercentage(text) ?? parseDecimal(text);
  if (used === null || !(used >= 0) || used === Infinity) return null;
  return { limit: 1, remaining: Math.max(0, 1 - used) };
}

function observe(of: LimitHeader, amounts: Amounts, from: Response): LimitObservation {
  const resetInMs = of.names.reset === undefined ? null : resetOf(of.names.reset, from);
  const long = of.longDimension !== undefined && resetInMs !== null && resetInMs > HOUR_MS;
  const seen: { -readonly [Field in keyof LimitObservation]: LimitObservation[Field] } = {
    dimension: long ? of.longDimension : of.dimension,
    limit: amounts.limit,
    remaining: amounts.remaining,
    resetInMs,
    source: 'header',
  };
  if (of.level !== undefined) seen.level = of.level;
  if (of.reset !== undefined && resetInMs !== null) seen.reset = of.reset;
  if (of.refill !== undefined) seen.refill = of.refill;
  return seen;
}

/** Of several shares of limits that have no dimension of ours, the tightest tells: they bind together. */
function add(observations: LimitObservation[], seen: LimitObservation): void {
  if (seen.dimension !== 'unknown' || seen.limit !== 1) {
    observations.push(seen);
    return;
  }
  const other = observations.findIndex((each) => each.dimension === 'unknown' && each.limit === 1);
  const before = observations[other];
  if (before === undefined) observations.push(seen);
  else if ((seen.remaining ?? 1) < (before.remaining ?? 1)) observations[other] = seen;
}

function resetOf(name: string, { header, now }: Response): number | null {
  const ms = parseResetBy(header(name), now);
  return ms === null || Number.isNaN(ms) ? null : Math.max(0, ms);
}
