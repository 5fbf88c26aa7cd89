import { ratelimitHeader } from '../compatible/limit-headers.ts';
import type { LimitHeader } from '../compatible/limit-headers.ts';

/** Its own example proves it: 30 of 14,400 requests a day used are full again after 2m59.56s, six seconds each. */
const CONTINUOUS = { reset: 'full_again', refill: 'continuous' } as const;

/**
 * Under OpenAI's names, `requests` counts per day and `tokens` per minute; requests a minute and tokens a day are told only in
 * refusals. https://console.groq.com/docs/rate-limits (Rate limit headers)
 */
export const GROQ_LIMITS: readonly LimitHeader[] = Object.freeze([
  ratelimitHeader('requests', 'requests_day', CONTINUOUS),
  ratelimitHeader('tokens', 'tokens_minute', CONTINUOUS),
]);
