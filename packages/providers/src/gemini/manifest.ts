import { defineVendor, OPENAI_OPERATIONS } from '../compatible/define-vendor.ts';
import type { Vendor } from '../compatible/vendor.ts';
import { GEMINI_FAILURES } from './failures.ts';
import { GEMINI_LIMITS } from './limit-headers.ts';

/**
 * Gemini by AI Studio keys. Its own dialect is generateContent, which the gateway cannot speak yet; until then calls go to its
 * OpenAI-compatible endpoint, which takes the key as a bearer (`x-goog-api-key` belongs to the native paths) and answers with the same
 * Google error objects, often inside an array. https://ai.google.dev/gemini-api/docs/openai
 */
export const gemini: Vendor = defineVendor({
  kind: 'gemini',
  baseUrl: 'https://generativelanguage.googleapis.com/v1beta/openai',
  operations: Object.freeze({
    'chat.completions': OPENAI_OPERATIONS['chat.completions'],
    embeddings: OPENAI_OPERATIONS.embeddings,
  }),
  failures: GEMINI_FAILURES,
  limits: GEMINI_LIMITS,
  // the limits count input tokens only
  charge: {
    output: 'never',
    unsetAllowance: 'learned',
    cachedInput: 'counted',
    settlesTo: 'used',
    outputFactor: 1,
  },
});
