import { PLAIN_CHARGE } from '@keywell/core/keys/charge-rule';
import type { Outcome } from '@keywell/core/keys/outcome';
import { bearerHeaders } from './auth-headers.ts';
import { classifyBy } from './classify.ts';
import { COMPATIBLE_FAILURES } from './failures.ts';
import { COMPATIBLE_LIMITS, readLimitHeaders } from './limit-headers.ts';
import { noAccount, ownGroup } from './vendor.ts';
import type { Vendor } from './vendor.ts';

const readLimits: Vendor['readLimits'] = (header) => readLimitHeaders(COMPATIBLE_LIMITS, header);

/** Any host that speaks OpenAI's dialect: model servers, aggregators, vendors without a folder of their own. */
export const compatible: Vendor = Object.freeze({
  kind: 'openai-compatible',
  operations: Object.freeze({
    'chat.completions': '/chat/completions',
    completions: '/completions',
    embeddings: '/embeddings',
  }),
  streamUsageDefault: true,
  authHeaders: bearerHeaders,
  classify: (outcome: Outcome) => classifyBy(COMPATIBLE_FAILURES, readLimits, outcome),
  readLimits,
  failures: COMPATIBLE_FAILURES,
  charge: PLAIN_CHARGE,
  limitGroup: ownGroup,
  accountOf: noAccount,
});
