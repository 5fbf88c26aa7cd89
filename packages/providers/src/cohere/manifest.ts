import { defineVendor } from '../compatible/define-vendor.ts';
import { atOpenAisPlace } from '../compatible/operations.ts';
import type { Vendor } from '../compatible/vendor.ts';
import { COHERE_FAILURES } from './failures.ts';
import { COHERE_LIMITS } from './limit-headers.ts';

/**
 * Cohere: conversations and embeddings by its compatibility API, rerank by its own, whose words everybody has taken over.
 * https://docs.cohere.com/docs/compatibility-api, https://docs.cohere.com/reference/rerank
 */
export const cohere: Vendor = defineVendor({
  kind: 'cohere',
  baseUrl: 'https://api.cohere.ai/compatibility/v1',
  operations: {
    ...atOpenAisPlace('chat.completions', 'embeddings'),
    rerank: { path: '/v2/rerank', from: 'root' },
  },
  failures: COHERE_FAILURES,
  limits: COHERE_LIMITS,
  credentialCheck: null,
});
