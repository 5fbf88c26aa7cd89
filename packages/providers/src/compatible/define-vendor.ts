import { PLAIN_CHARGE } from '@keywell/core/keys/charge-rule';
import type { Outcome } from '@keywell/core/keys/outcome';
import type { Verdict } from '@keywell/core/keys/verdict';
import type { UpstreamKeyRecord } from '@keywell/core/snapshot/snapshot';
import { authHeaders, authQuery, BEARER } from './auth-headers.ts';
import { classifyBy } from './classify.ts';
import { CHAT_FACE } from './dialect-face.ts';
import type { FailureRule } from './failure-rule.ts';
import { readLimitHeaders } from './limit-headers.ts';
import type { LimitHeader } from './limit-headers.ts';
import { atOpenAisPlace } from './operations.ts';
import { noAccount, ownGroup } from './vendor.ts';
import type { CredentialCheck, Vendor } from './vendor.ts';

/** What a vendor says of itself; the rest is what most of them have in common. */
export type VendorSketch = Pick<Vendor, 'kind' | 'baseUrl'> &
  Partial<Omit<Vendor, 'classify' | 'readLimits' | 'authHeaders' | 'authQuery'>> & {
    readonly failures: readonly FailureRule[];
    readonly limits: readonly LimitHeader[];
  };

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
  return withAuth({
    needsKey: true,
    operations: atOpenAisPlace('chat.completions', 'completions', 'embeddings'),
    faces: [CHAT_FACE],
    streamUsageDefault: true,
    auth: BEARER,
    headers: {},
    charge: PLAIN_CHARGE,
    limitGroup: ownGroup,
    accountOf: noAccount,
    credentialCheck: MODELS_CHECK,
    ...sketch,
    classify: (outcome: Outcome): Verdict => classifyBy(sketch.failures, readLimits, outcome),
    readLimits,
  });
}

/** A vendor with the functions that follow from how it authenticates. */
export function withAuth(vendor: Omit<Vendor, 'authHeaders' | 'authQuery'>): Vendor {
  const { auth } = vendor;
  const common = Object.entries(vendor.headers).flat();
  return Object.freeze({
    ...vendor,
    authHeaders: (key: UpstreamKeyRecord) => [...authHeaders(auth, key), ...common],
    authQuery: (key: UpstreamKeyRecord) => authQuery(auth, key),
  });
}
