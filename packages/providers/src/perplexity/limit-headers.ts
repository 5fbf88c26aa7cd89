import type { LimitHeader } from '../compatible/limit-headers.ts';

/** Perplexity tells no limits in headers. */
export const PERPLEXITY_LIMITS: readonly LimitHeader[] = Object.freeze([]);
