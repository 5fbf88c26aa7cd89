import { PLAIN_CHARGE } from '@keywell/core/keys/charge-rule';
import type { Outcome } from '@keywell/core/keys/outcome';
import { bearerHeaders } from '../compatible/auth-headers.ts';
import { classifyBy } from '../compatible/classify.ts';
import { readLimitHeaders } from '../compatible/limit-headers.ts';
import { ownGroup } from '../compatible/vendor.ts';
import type { Vendor } from '../compatible/vendor.ts';
import { OPENAI_FAILURES } from './failures.ts';
import { OPENAI_LIMITS } from './limit-headers.ts';

const readLimits: Vendor['readLimits'] = (header) => readLimitHeaders(OPENAI_LIMITS, header);

/** The OpenAI API. */
export const openai: Vendor = Object.freeze({
  kind: 'openai',
  operations: Object.freeze({
    'chat.completions': '/chat/completions',
    completions: '/completions',
    embeddings: '/embeddings',
  }),
  streamUsageDefault: true,
  authHeaders: bearerHeaders,
  classify: (outcome: Outcome) => classifyBy(OPENAI_FAILURES, readLimits, outcome),
  readLimits,
  failures: OPENAI_FAILURES,
  charge: PLAIN_CHARGE,
  limitGroup: ownGroup,
  accountOf: (header: Outcome['header']) => {
    const organization = header('openai-organization');
    if (organization === undefined) return null;
    const project = header('openai-project');
    return project === undefined ? { organization } : { organization, project };
  },
  // the list of models costs nothing, and a key that may read it is alive
  credentialCheck: Object.freeze({
    path: '/models',
    read: (status: number) => {
      if (status >= 200 && status < 300) return 'accepted';
      return status === 401 ? 'refused' : 'unknown';
    },
  }),
});
