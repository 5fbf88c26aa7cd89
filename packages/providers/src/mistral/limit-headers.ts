import type { Dimension } from '@keywell/core/keys/verdict';
import type { LimitHeader } from '../compatible/limit-headers.ts';

function pair(suffix: string, dimension: Dimension): LimitHeader {
  const names = {
    limit: `x-ratelimit-limit-${suffix}`,
    remaining: `x-ratelimit-remaining-${suffix}`,
  };
  return { dimension, names };
}

/**
 * Requests and tokens a minute, tokens a month. The older names count the same tokens by the size of a request; their reset is
 * seconds. None of them is documented: they are what responses carry.
 */
export const MISTRAL_LIMITS: readonly LimitHeader[] = Object.freeze([
  pair('req-minute', 'requests_minute'),
  pair('tokens-minute', 'tokens_minute'),
  { ...pair('tokens-month', 'tokens_month'), refill: 'window' },
  {
    dimension: 'tokens_minute',
    names: {
      limit: 'ratelimitbysize-limit',
      remaining: 'ratelimitbysize-remaining',
      reset: 'ratelimitbysize-reset',
    },
    reset: 'window_end',
    refill: 'window',
  },
  {
    dimension: 'tokens_month',
    names: {
      limit: 'x-ratelimitbysize-limit-month',
      remaining: 'x-ratelimitbysize-remaining-month',
    },
    refill: 'window',
  },
]);
