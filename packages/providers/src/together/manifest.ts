import { defineVendor, OPENAI_OPERATIONS } from '../compatible/define-vendor.ts';
import type { Vendor } from '../compatible/vendor.ts';
import { TOGETHER_FAILURES } from './failures.ts';
import { TOGETHER_LIMITS } from './limit-headers.ts';

/** Together AI. */
export const together: Vendor = defineVendor({
  kind: 'together',
  baseUrl: 'https://api.together.xyz/v1',
  operations: OPENAI_OPERATIONS,
  failures: TOGETHER_FAILURES,
  limits: TOGETHER_LIMITS,
});
