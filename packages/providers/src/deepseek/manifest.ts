import { defineVendor, OPENAI_OPERATIONS } from '../compatible/define-vendor.ts';
import type { Vendor } from '../compatible/vendor.ts';
import { DEEPSEEK_BALANCE } from './balance.ts';
import { DEEPSEEK_FAILURES } from './failures.ts';
import { DEEPSEEK_LIMITS } from './limit-headers.ts';

/** DeepSeek. While a call waits for its turn it sends blank lines or comments, which are no content. */
export const deepseek: Vendor = defineVendor({
  kind: 'deepseek',
  baseUrl: 'https://api.deepseek.com',
  operations: Object.freeze({ 'chat.completions': OPENAI_OPERATIONS['chat.completions'] }),
  failures: DEEPSEEK_FAILURES,
  limits: DEEPSEEK_LIMITS,
  balanceCheck: DEEPSEEK_BALANCE,
});
