import type { LimitHeader } from '../compatible/limit-headers.ts';

/**
 * Trial keys only, and not on a 429. A capture with a limit of 20 calls and 1000 a month beside it shows that the first counts a
 * minute; of the month only the limit is told, never what remains.
 */
export const COHERE_LIMITS: readonly LimitHeader[] = Object.freeze([
  {
    dimension: 'requests_minute',
    names: { limit: 'x-trial-endpoint-call-limit', remaining: 'x-trial-endpoint-call-remaining' },
  },
  {
    dimension: 'requests_month',
    names: { limit: 'x-endpoint-monthly-call-limit' },
    refill: 'window',
  },
]);
