import { ratelimitHeader } from '../compatible/limit-headers.ts';
import type { LimitHeader } from '../compatible/limit-headers.ts';

/**
 * Requests, and tokens by the minute: of the two limits on input, that of what was not cached is the one that binds first. A warning
 * comes before the 429. https://docs.fireworks.ai/guides/quotas_usage/rate-limits
 */
export const FIREWORKS_LIMITS: readonly LimitHeader[] = Object.freeze([
  ratelimitHeader('requests', 'requests_minute'),
  ratelimitHeader('tokens-cache-adjusted-prompt', 'input_tokens_minute'),
  ratelimitHeader('tokens-generated', 'output_tokens_minute'),
  { dimension: 'unknown', names: { exceeded: 'x-ratelimit-over-limit' } },
]);
