import { defineVendor } from '../compatible/define-vendor.ts';
import { atOpenAisPlace } from '../compatible/operations.ts';
import type { Vendor } from '../compatible/vendor.ts';
import { PERPLEXITY_FAILURES } from './failures.ts';
import { PERPLEXITY_LIMITS } from './limit-headers.ts';

/** Perplexity. Its streams carry their usage unasked. */
export const perplexity: Vendor = defineVendor({
  kind: 'perplexity',
  baseUrl: 'https://api.perplexity.ai',
  operations: atOpenAisPlace('chat.completions'),
  streamUsageDefault: false,
  failures: PERPLEXITY_FAILURES,
  limits: PERPLEXITY_LIMITS,
  credentialCheck: null,
});
