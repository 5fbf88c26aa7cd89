import type { LimitHeader } from '../compatible/limit-headers.ts';

/** Bedrock tells no limits in headers. */
export const BEDROCK_LIMITS: readonly LimitHeader[] = Object.freeze([]);
