import type { LimitHeader } from '../compatible/limit-headers.ts';

/** Gemini tells no limits in headers; what a refusal's QuotaFailure names, and refusals themselves, are all there is. */
export const GEMINI_LIMITS: readonly LimitHeader[] = Object.freeze([]);
