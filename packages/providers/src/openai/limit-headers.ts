import { ratelimitHeader } from '../compatible/limit-headers.ts';
import type { LimitHeader } from '../compatible/limit-headers.ts';

/**
 * The limits OpenAI tells in every response; resets are Go durations.
 * https://platform.openai.com/docs/guides/rate-limits (Rate limits in headers)
 */
export const OPENAI_LIMITS: readonly LimitHeader[] = Object.freeze([
  ratelimitHeader('requests', 'requests_minute'),
  ratelimitHeader('tokens', 'tokens_minute'),
  ratelimitHeader('project-tokens', 'tokens_minute', 'project'),
]);
