import { PLAIN_CHARGE } from '@keywell/core/keys/charge-rule';
import type { Outcome } from '@keywell/core/keys/outcome';
import type { Verdict } from '@keywell/core/keys/verdict';
import { bearerHeaders } from './auth-headers.ts';
import { classifyBy } from './classify.ts';
import type { FailureRule } from './failure-rule.ts';
import { readLimitHeaders } from './limit-headers.ts';
import type { LimitHeader } from './limit-headers.ts';
import { noAccount, ownGroup } from './vendor.ts';
import type { CredentialCheck, DialectFace, Operation, Vendor } from './vendor.ts';

/** What a vendor says of itself; the rest is what most of them have in common. */
export type VendorSketch = Pick<Vendor, 'kind' | 'baseUrl'> &
  Partial<Omit<Vendor, 'classify' | 'readLimits'>> & {
    readonly failures: readonly FailureRule[];
    readonly limits: readonly LimitHeader[];
  };

/** Where OpenAI has them. */
export const OPENAI_OPERATIONS: Readonly<Record<Operation, string>> = Object.freeze({
  'chat.completions': '/chat/completions',
  completions: '/completions',
  embeddings: '/embeddings',
});

/** OpenAI's chat, which most of them speak. */
const CHAT_FACE: DialectFace = Object.freeze({
  dialect: 'openai-chat',
  path: () => OPENAI_OPERATIONS['chat.completions'],
});

/** The list of models costs nothing, and a credential that may read it is alive. */
const MODELS_CHECK: CredentialCheck = Object.freeze({
  path: '/models',
  read: (status: number) => {
    if (status >= 200 && status < 300) return 'accepted';
    return status === 401 ? 'refused' : 'unknown';
  },
});

/** A vendor from its tables. */
export function defineVendor(sketch: VendorSketch): Vendor {
  const readLimits: Vendor['readLimits'] = (header) => readLimitHeaders(sketch.limits, header);
  return Object.freeze({
    needsKey: true,
    operations: OPENAI_OPERATIONS,
    faces: [CHAT_FACE],
    streamUsageDefault: true,
    authHeaders: bearerHeaders,
    charge: PLAIN_CHARGE,
    limitGroup: ownGroup,
    accountOf: noAccount,
    credentialCheck: MODELS_CHECK,
    ...sketch,
    classify: (outcome: Outcome): Verdict => classifyBy(sketch.failures, readLimits, outcome),
    readLimits,
  });
}
