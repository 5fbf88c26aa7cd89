import { defineVendor } from '../compatible/define-vendor.ts';
import { atOpenAisPlace } from '../compatible/operations.ts';
import type { Vendor } from '../compatible/vendor.ts';
import { CEREBRAS_FAILURES } from './failures.ts';
import { CEREBRAS_LIMITS } from './limit-headers.ts';

/** Cerebras. */
export const cerebras: Vendor = defineVendor({
  kind: 'cerebras',
  baseUrl: 'https://api.cerebras.ai/v1',
  operations: atOpenAisPlace('chat.completions', 'completions'),
  failures: CEREBRAS_FAILURES,
  limits: CEREBRAS_LIMITS,
  // input and max_completion_tokens (unset: up to the longest sequence) are estimated and counted on arrival, in one bucket of all
  // tokens and one of those that were not cached
  charge: {
    output: 'upfront',
    unsetAllowance: 'context_length',
    cachedInput: 'apart',
    settlesTo: 'used',
    outputFactor: 1,
  },
});
