import { defineVendor } from './define-vendor.ts';
import { COMPATIBLE_FAILURES } from './failures.ts';
import { COMPATIBLE_LIMITS } from './limit-headers.ts';
import { OPENAI_OPERATIONS } from './operations.ts';
import type { Vendor } from './vendor.ts';

/** Any host that speaks OpenAI's dialect: model servers, aggregators, vendors without a folder of their own. */
export const compatible: Vendor = defineVendor({
  kind: 'openai-compatible',
  baseUrl: null,
  credentials: ['plain', 'client_credentials', 'oauth_refresh'],
  needsKey: false,
  operations: OPENAI_OPERATIONS,
  failures: COMPATIBLE_FAILURES,
  limits: COMPATIBLE_LIMITS,
});
