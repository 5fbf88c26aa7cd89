import { defineVendor, OPENAI_OPERATIONS } from '../compatible/define-vendor.ts';
import type { Vendor } from '../compatible/vendor.ts';
import { FIREWORKS_FAILURES } from './failures.ts';
import { FIREWORKS_LIMITS } from './limit-headers.ts';

/** Fireworks AI. */
export const fireworks: Vendor = defineVendor({
  kind: 'fireworks',
  baseUrl: 'https://api.fireworks.ai/inference/v1',
  operations: OPENAI_OPERATIONS,
  failures: FIREWORKS_FAILURES,
  limits: FIREWORKS_LIMITS,
  // limits on all input, on input that was not cached, and on what is generated
  charge: {
    output: 'as_produced',
    unsetAllowance: 'learned',
    cachedInput: 'apart',
    settlesTo: 'used',
    outputFactor: 1,
  },
});
