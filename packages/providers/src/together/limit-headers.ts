import type { LimitHeader } from '../compatible/limit-headers.ts';

/**
 * Rates a second. The reset is a wait: after how many seconds the next try makes sense.
 * https://docs.together.ai/docs/serverless/rate-limits
 */
export const TOGETHER_LIMITS: readonly LimitHeader[] = Object.freeze([
  {
    dimension: 'requests_second',
    names: {
      limit: 'x-ratelimit-limit',
      remaining: 'x-ratelimit-remaining',
      reset: 'x-ratelimit-reset',
    },
    reset: 'this_request',
    refill: 'continuous',
  },
  {
    dimension: 'tokens_minute',
    names: { limit: 'x-tokenlimit-limit', remaining: 'x-tokenlimit-remaining' },
    perSecond: true,
    refill: 'continuous',
  },
]);
