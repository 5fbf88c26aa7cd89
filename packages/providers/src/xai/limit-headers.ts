import type { LimitHeader } from '../compatible/limit-headers.ts';

/** What remains of requests and tokens, without a reset. Not documented: what responses carry. */
export const XAI_LIMITS: readonly LimitHeader[] = Object.freeze([
  {
    dimension: 'requests_minute',
    names: {
      limit: 'x-ratelimit-limit-requests',
      remaining: 'x-ratelimit-remaining-requests',
    },
  },
  {
    dimension: 'tokens_minute',
    names: { limit: 'x-ratelimit-limit-tokens', remaining: 'x-ratelimit-remaining-tokens' },
  },
]);
