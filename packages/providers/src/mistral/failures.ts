import type { FailureRule } from '../compatible/failure-rule.ts';
import { COMPATIBLE_FAILURES } from '../compatible/failures.ts';
import { FORBIDDEN, OVERLOADED, REQUESTS_WINDOW, WINDOW } from '../compatible/verdicts.ts';

/** Mistral: errors lie flat in the body, from the API with a four-digit code, from the gateway in front of it as a bare message. */
const MISTRAL_RULES: readonly FailureRule[] = [
  // a quota of no requests a minute: the plan does not include the model
  {
    name: 'no-requests-allowed',
    status: [429],
    header: { name: 'x-ratelimit-limit-req-minute', is: ['0'] },
    verdict: FORBIDDEN,
  },
  {
    name: 'capacity-code',
    codeOrType: ['3505', 'service_tier_capacity_exceeded'],
    verdict: OVERLOADED,
  },
  {
    name: 'capacity-phrase',
    status: [200, 429, 503],
    message: /^Service tier capacity exceeded for this model\b/,
    verdict: OVERLOADED,
  },
  {
    name: 'requests-phrase',
    status: [429],
    message: /^Requests rate limit exceeded\b/,
    verdict: REQUESTS_WINDOW,
  },
  // which of its limits it was, the headers say
  { name: 'rate-limited', codeOrType: ['1300', 'rate_limited'], verdict: WINDOW },
];

/** The table of `mistral`. */
export const MISTRAL_FAILURES: readonly FailureRule[] = Object.freeze([
  ...MISTRAL_RULES,
  ...COMPATIBLE_FAILURES,
]);
