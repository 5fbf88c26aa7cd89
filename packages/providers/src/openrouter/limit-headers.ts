import type { LimitHeader } from '../compatible/limit-headers.ts';

/**
 * Only on its own 429s, for the limit that was hit: that a minute or that a day, which the distance of its reset (epoch milliseconds)
 * tells. https://openrouter.ai/docs/api_reference/limits
 */
export const OPENROUTER_LIMITS: readonly LimitHeader[] = Object.freeze([
  {
    dimension: 'requests_minute',
    longDimension: 'requests_day',
    names: {
      limit: 'x-ratelimit-limit',
      remaining: 'x-ratelimit-remaining',
      reset: 'x-ratelimit-reset',
    },
    reset: 'window_end',
    refill: 'window',
  },
]);
