import type { LimitHeader } from '../compatible/limit-headers.ts';

/** DeepSeek tells no limits in headers. */
export const DEEPSEEK_LIMITS: readonly LimitHeader[] = Object.freeze([]);
