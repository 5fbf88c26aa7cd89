import { defineVendor, OPENAI_OPERATIONS } from '../compatible/define-vendor.ts';
import type { Vendor } from '../compatible/vendor.ts';
import { COHERE_FAILURES } from './failures.ts';
import { COHERE_LIMITS } from './limit-headers.ts';

/** Cohere, by its compatibility API; its own dialect is not spoken yet. https://docs.cohere.com/docs/compatibility-api */
export const cohere: Vendor = defineVendor({
  kind: 'cohere',
  baseUrl: 'https://api.cohere.ai/compatibility/v1',
  operations: Object.freeze({
    'chat.completions': OPENAI_OPERATIONS['chat.completions'],
    embeddings: OPENAI_OPERATIONS.embeddings,
  }),
  failures: COHERE_FAILURES,
  limits: COHERE_LIMITS,
  credentialCheck: null,
});
