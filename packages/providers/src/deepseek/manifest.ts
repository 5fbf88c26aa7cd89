import { X_API_KEY } from '../compatible/auth-headers.ts';
import { defineVendor } from '../compatible/define-vendor.ts';
import { messagesAt, THOUGHTFUL_CHAT } from '../compatible/dialect-face.ts';
import { atOpenAisPlace } from '../compatible/operations.ts';
import type { Vendor } from '../compatible/vendor.ts';
import { DEEPSEEK_BALANCE } from './balance.ts';
import { DEEPSEEK_FAILURES } from './failures.ts';
import { DEEPSEEK_LIMITS } from './limit-headers.ts';

/**
 * DeepSeek, whose base URL may end in `/v1` or `/beta` as well. Text completion (FIM) is at the latter.
 * https://api-docs.deepseek.com/guides/anthropic_api, https://api-docs.deepseek.com/api/create-completion
 *
 * While a call waits for its turn it sends blank lines or comments, which are no content.
 */
export const deepseek: Vendor = defineVendor({
  kind: 'deepseek',
  baseUrl: 'https://api.deepseek.com',
  // a turn that called tools is refused without its thought (guide "Thinking mode")
  faces: [THOUGHTFUL_CHAT, messagesAt('/anthropic/v1/messages', { auth: X_API_KEY })],
  operations: {
    ...atOpenAisPlace('chat.completions'),
    completions: { path: '/beta/completions', from: 'root' },
  },
  prefixes: ['/beta', '/v1', ''],
  failures: DEEPSEEK_FAILURES,
  limits: DEEPSEEK_LIMITS,
  balanceCheck: DEEPSEEK_BALANCE,
});
