import type { LimitHeader } from '../compatible/limit-headers.ts';

/** Ollama tells no limits in headers. */
export const OLLAMA_LIMITS: readonly LimitHeader[] = Object.freeze([]);
