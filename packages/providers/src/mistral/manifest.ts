import { defineVendor, OPENAI_OPERATIONS } from '../compatible/define-vendor.ts';
import type { Vendor } from '../compatible/vendor.ts';
import { MISTRAL_FAILURES } from './failures.ts';
import { MISTRAL_LIMITS } from './limit-headers.ts';

/** Mistral. Its streams end with their usage unasked, and it refuses `stream_options`. */
export const mistral: Vendor = defineVendor({
  kind: 'mistral',
  baseUrl: 'https://api.mistral.ai/v1',
  operations: Object.freeze({
    'chat.completions': OPENAI_OPERATIONS['chat.completions'],
    embeddings: OPENAI_OPERATIONS.embeddings,
  }),
  streamUsageDefault: false,
  failures: MISTRAL_FAILURES,
  limits: MISTRAL_LIMITS,
});
