import { defineVendor, OPENAI_OPERATIONS } from '../compatible/define-vendor.ts';
import type { Vendor } from '../compatible/vendor.ts';
import { GROQ_FAILURES } from './failures.ts';
import { GROQ_LIMITS } from './limit-headers.ts';

/** Groq. */
export const groq: Vendor = defineVendor({
  kind: 'groq',
  baseUrl: 'https://api.groq.com/openai/v1',
  operations: Object.freeze({ 'chat.completions': OPENAI_OPERATIONS['chat.completions'] }),
  failures: GROQ_FAILURES,
  limits: GROQ_LIMITS,
  // "Cached tokens do not count towards your rate limits" (rate-limit guide); that max_tokens counts when a request arrives is what
  // the `Requested` of its refusals shows, not what it documents
  charge: {
    output: 'upfront',
    unsetAllowance: 'learned',
    cachedInput: 'excluded',
    settlesTo: 'used',
    outputFactor: 1,
  },
});
