import { ratelimitHeader } from '../compatible/limit-headers.ts';
import type { LimitHeader } from '../compatible/limit-headers.ts';

/** Limits refill all the time; a reset is when the limit would be full again, so smaller needs fit earlier. */
const CONTINUOUS = { reset: 'full_again', refill: 'continuous' } as const;

/**
 * The limits OpenAI tells in every response; resets are Go durations.
 * https://platform.openai.com/docs/guides/rate-limits (Rate limits in headers)
 */
export const OPENAI_LIMITS: readonly LimitHeader[] = Object.freeze([
  ratelimitHeader('requests', 'requests_minute', CONTINUOUS),
  ratelimitHeader('tokens', 'tokens_minute', CONTINUOUS),
  ratelimitHeader('project-tokens', 'tokens_minute', { ...CONTINUOUS, level: 'project' }),
]);
