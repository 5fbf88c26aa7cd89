import type { LimitHeader } from '../compatible/limit-headers.ts';

/** Vertex AI tells no limits in headers. */
export const VERTEX_LIMITS: readonly LimitHeader[] = Object.freeze([]);
