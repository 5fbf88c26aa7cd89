import { defineVendor, OPENAI_OPERATIONS } from '../compatible/define-vendor.ts';
import type { Vendor } from '../compatible/vendor.ts';
import { OPENROUTER_BALANCE } from './balance.ts';
import { OPENROUTER_FAILURES } from './failures.ts';
import { OPENROUTER_LIMITS } from './limit-headers.ts';

/** OpenRouter. Its list of models is public, so that reading it proves nothing about a key; its own key endpoint does. */
export const openrouter: Vendor = defineVendor({
  kind: 'openrouter',
  baseUrl: 'https://openrouter.ai/api/v1',
  operations: OPENAI_OPERATIONS,
  failures: OPENROUTER_FAILURES,
  limits: OPENROUTER_LIMITS,
  balanceCheck: OPENROUTER_BALANCE,
  credentialCheck: null,
});
