import type { FailureRule } from '../compatible/failure-rule.ts';
import { COMPATIBLE_FAILURES } from '../compatible/failures.ts';
import { CALLER, DAILY, DEAD, REQUESTS_WINDOW, TOKENS_WINDOW } from '../compatible/verdicts.ts';

/** Cohere: bare messages. Trial keys have a limit a minute and one a calendar month. https://docs.cohere.com/docs/rate-limits */
const COHERE_RULES: readonly FailureRule[] = [
  {
    name: 'trial-month',
    status: [429],
    message:
      /^You are using a Trial key, which is limited to (?<limit>[\d,]{1,12}) API calls ?\/ ?month\b/,
    verdict: { ...DAILY, dimension: 'requests_month', ends: 'utc_month' },
  },
  {
    name: 'trial-minute',
    status: [429],
    message:
      /^You are using a Trial key, which is limited to (?<limit>[\d,]{1,12}) API calls ?\/ ?minute\b/,
    verdict: REQUESTS_WINDOW,
  },
  {
    name: 'trial-tokens',
    status: [429],
    message:
      /^trial token rate limit exceeded, limit is (?<limit>[\d,]{1,12}) tokens per minute\b/i,
    verdict: TOKENS_WINDOW,
  },
  {
    name: 'invalid-token',
    status: [401],
    message: /^(?:invalid api token|no api key supplied)\b/i,
    verdict: DEAD,
  },
  // here 498 and 499 are a blocked output and a cancelled request, no lack of capacity
  { name: 'blocked-output', status: [498, 499], verdict: CALLER },
];

/** The table of `cohere`. */
export const COHERE_FAILURES: readonly FailureRule[] = Object.freeze([
  ...COHERE_RULES,
  ...COMPATIBLE_FAILURES,
]);
