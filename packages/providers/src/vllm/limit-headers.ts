import type { LimitHeader } from '../compatible/limit-headers.ts';

/** Model servers tell no limits in headers. */
export const VLLM_LIMITS: readonly LimitHeader[] = Object.freeze([]);
