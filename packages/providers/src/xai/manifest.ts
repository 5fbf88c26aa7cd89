import { defineVendor, OPENAI_OPERATIONS } from '../compatible/define-vendor.ts';
import type { Vendor } from '../compatible/vendor.ts';
import { XAI_FAILURES } from './failures.ts';
import { XAI_LIMITS } from './limit-headers.ts';

/** xAI. Limits belong to the team. */
export const xai: Vendor = defineVendor({
  kind: 'xai',
  baseUrl: 'https://api.x.ai/v1',
  operations: Object.freeze({
    'chat.completions': OPENAI_OPERATIONS['chat.completions'],
    completions: OPENAI_OPERATIONS.completions,
  }),
  failures: XAI_FAILURES,
  limits: XAI_LIMITS,
});
