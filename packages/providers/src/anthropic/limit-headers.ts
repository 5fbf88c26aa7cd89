import type { Dimension } from '@keywell/core/keys/verdict';
import { ratelimitHeader } from '../compatible/limit-headers.ts';
import type { LimitHeader } from '../compatible/limit-headers.ts';

/** Token buckets: capacity comes back all the time, and `reset` is when it would be whole. */
const CONTINUOUS = { reset: 'full_again', refill: 'continuous' } as const;

function own(what: string, dimension: Dimension): LimitHeader {
  const names = {
    limit: `anthropic-ratelimit-${what}-limit`,
    remaining: `anthropic-ratelimit-${what}-remaining`,
    reset: `anthropic-ratelimit-${what}-reset`,
  };
  return { ...CONTINUOUS, dimension, names };
}

/** A subscription's window, of which only the used share is told: a limit of 1 in no dimension of ours; the tightest is kept. */
function unified(window: string): LimitHeader {
  const names = {
    utilization: `anthropic-ratelimit-unified-${window}-utilization`,
    reset: `anthropic-ratelimit-unified-${window}-reset`,
  };
  return { dimension: 'unknown', names, reset: 'window_end', refill: 'window' };
}

/**
 * Resets are RFC 3339, those of unified windows epoch seconds. `tokens` is the tightest of input and output together, a workspace's
 * limit included. The OpenAI-compatible endpoint sends OpenAI's names as well.
 * https://platform.claude.com/docs/en/api/rate-limits (Response headers), …/api/openai-sdk (Header compatibility)
 */
export const ANTHROPIC_LIMITS: readonly LimitHeader[] = Object.freeze([
  own('requests', 'requests_minute'),
  own('tokens', 'tokens_minute'),
  own('input-tokens', 'input_tokens_minute'),
  own('output-tokens', 'output_tokens_minute'),
  unified('5h'),
  unified('7d'),
  ratelimitHeader('requests', 'requests_minute', CONTINUOUS),
  ratelimitHeader('tokens', 'tokens_minute', CONTINUOUS),
]);
