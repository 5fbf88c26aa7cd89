import { ratelimitHeader } from '../compatible/limit-headers.ts';
import type { LimitHeader } from '../compatible/limit-headers.ts';

/**
 * Resets are float seconds to the end of the clock's minute and day: in the documented example the day ends in 33011.382867 s and the
 * minute in 11.382867 s, which is what is left of it. https://inference-docs.cerebras.ai/support/rate-limits
 */
const CLOCK = { reset: 'window_end', refill: 'window' } as const;

export const CEREBRAS_LIMITS: readonly LimitHeader[] = Object.freeze([
  ratelimitHeader('requests-day', 'requests_day', CLOCK),
  ratelimitHeader('tokens-minute', 'tokens_minute', CLOCK),
  ratelimitHeader('tokens-day', 'tokens_day', CLOCK),
]);
