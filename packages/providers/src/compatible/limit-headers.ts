import type { LimitObservation } from '@keywell/core/keys/limit-observation';
import type { Outcome } from '@keywell/core/keys/outcome';
import type { Dimension } from '@keywell/core/keys/verdict';
import { parseCount } from '@keywell/core/time/decimal';
import { parseHttpDate } from '@keywell/core/time/instant';
import { parseReset } from '@keywell/core/time/reset';

/** Three headers that tell about one limit. */
export interface LimitHeader {
  readonly limit: string;
  readonly remaining: string;
  readonly reset: string;
  readonly dimension: Dimension;
  readonly level?: 'organization' | 'project';
}

/** Names of the form `x-ratelimit-{limit,remaining,reset}-<suffix>`. */
export function ratelimitHeader(
  suffix: string,
  dimension: Dimension,
  level?: 'organization' | 'project',
): LimitHeader {
  const names = {
    limit: `x-ratelimit-limit-${suffix}`,
    remaining: `x-ratelimit-remaining-${suffix}`,
    reset: `x-ratelimit-reset-${suffix}`,
    dimension,
  };
  return Object.freeze(level === undefined ? names : { ...names, level });
}

/**
 * What compatible hosts are known to send. A header's name says less than it seems (Groq's `requests` counts per day), so the
 * dimension is a name for the limit, not a promise about its window.
 */
export const COMPATIBLE_LIMITS: readonly LimitHeader[] = Object.freeze([
  ratelimitHeader('requests', 'requests_minute'),
  ratelimitHeader('tokens', 'tokens_minute'),
  ratelimitHeader('requests-day', 'requests_day'),
  ratelimitHeader('tokens-minute', 'tokens_minute'),
  {
    limit: 'x-ratelimit-limit',
    remaining: 'x-ratelimit-remaining',
    reset: 'x-ratelimit-reset',
    dimension: 'requests_minute',
  },
]);

/**
 * Reads one response's limits. It runs on every response, so a limit that is not told costs one look at its `remaining`. Resets
 * that name an instant count from the response's own `date` and are unknown without one.
 */
export function readLimitHeaders(
  headers: readonly LimitHeader[],
  header: Outcome['header'],
): readonly LimitObservation[] {
  const observations: LimitObservation[] = [];
  for (const names of headers) {
    const told = header(names.remaining);
    if (told === undefined) continue;
    const remaining = parseCount(told);
    const limit = parseCount(header(names.limit));
    if (remaining === null && limit === null) continue;
    observations.push({
      dimension: names.dimension,
      limit,
      remaining,
      resetInMs: resetOf(names, header),
      ...(names.level === undefined ? {} : { level: names.level }),
      source: 'header',
    });
  }
  return observations;
}

function resetOf(names: LimitHeader, header: Outcome['header']): number | null {
  const text = header(names.reset);
  // NaN tells an instant, whose date header is only read then
  let ms = parseReset(text, Number.NaN);
  if (Number.isNaN(ms)) ms = parseReset(text, parseHttpDate(header('date')) ?? Number.NaN);
  return ms === null || Number.isNaN(ms) ? null : Math.max(0, ms);
}
