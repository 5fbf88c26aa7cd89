import { accountFrom } from '../compatible/accounts.ts';
import { defineVendor } from '../compatible/define-vendor.ts';
import type { Vendor } from '../compatible/vendor.ts';
import { OPENAI_FAILURES } from './failures.ts';
import { OPENAI_LIMITS } from './limit-headers.ts';

/** The OpenAI API. */
export const openai: Vendor = defineVendor({
  kind: 'openai',
  baseUrl: 'https://api.openai.com/v1',
  failures: OPENAI_FAILURES,
  limits: OPENAI_LIMITS,
  // max_tokens counts when the request arrives (rate-limit guide); that nothing is given back is assumed, not documented
  charge: {
    output: 'upfront',
    unsetAllowance: 'learned',
    cachedInput: 'counted',
    settlesTo: 'upfront',
    outputFactor: 1,
  },
  accountOf: accountFrom('openai-organization', 'openai-project'),
});
