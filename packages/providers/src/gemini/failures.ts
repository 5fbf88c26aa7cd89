import type { FailureRule } from '../compatible/failure-rule.ts';
import { COMPATIBLE_FAILURES } from '../compatible/failures.ts';
import {
  DAILY,
  DEAD,
  FORBIDDEN,
  LEAKED,
  PROJECT_FUNDS,
  REGION,
  REQUESTS_WINDOW,
  TOKENS_WINDOW,
  WINDOW,
} from '../compatible/verdicts.ts';

/**
 * Gemini says in `details` which quota was violated; its sentence is the same for a minute, a day and an empty account. Several may
 * be violated at once, so the longest comes first. https://ai.google.dev/gemini-api/docs/troubleshooting, …/rate-limits
 */
const QUOTA_ID = 'error.details.*.violations.*.quotaId';
const QUOTA_VALUE = 'error.details.*.violations.*.quotaValue';
const REASON = 'error.details.*.reason';

/** Daily quotas begin anew at midnight Pacific time; the RetryInfo beside them is a minute's. */
const UNTIL_MIDNIGHT = { ...DAILY, ends: 'pacific_midnight', limitField: QUOTA_VALUE } as const;

const FUNDS_RULES: readonly FailureRule[] = [
  {
    name: 'prepayment-credits',
    status: [402, 403, 429],
    message: /^Your (?:prepayment credits are|prepay credit balance is) depleted\b/i,
    verdict: PROJECT_FUNDS,
  },
  {
    name: 'spending-cap',
    status: [403, 429],
    message: /^Your project has exceeded its monthly spending cap\b/,
    verdict: PROJECT_FUNDS,
  },
  {
    name: 'billing-disabled',
    field: { at: REASON, is: ['billing_disabled'] },
    verdict: PROJECT_FUNDS,
  },
];

const QUOTA_RULES: readonly FailureRule[] = [
  // a limit of 0 never ends by waiting: the plan does not include the model
  {
    name: 'quota-zero',
    status: [200, 429],
    field: { at: QUOTA_VALUE, is: ['0'] },
    verdict: FORBIDDEN,
  },
  {
    name: 'quota-zero-phrase',
    status: [200, 429],
    message:
      /^You exceeded your current quota,[^*]{0,800}\* Quota exceeded for metric: [^,\s]{1,200}, limit: 0(?!\d)/,
    verdict: FORBIDDEN,
  },
  {
    name: 'quota-tokens-day',
    field: { at: QUOTA_ID, like: /^\w{0,80}InputTokens\w{0,80}PerDay/ },
    verdict: { ...UNTIL_MIDNIGHT, dimension: 'input_tokens_day' },
  },
  {
    name: 'quota-requests-day',
    field: { at: QUOTA_ID, like: /^\w{0,80}PerDay/ },
    verdict: { ...UNTIL_MIDNIGHT, dimension: 'requests_day' },
  },
  {
    name: 'quota-tokens-minute',
    field: { at: QUOTA_ID, like: /^\w{0,80}InputTokens\w{0,80}PerMinute/ },
    verdict: { ...WINDOW, dimension: 'input_tokens_minute', limitField: QUOTA_VALUE },
  },
  {
    name: 'quota-requests-minute',
    field: { at: QUOTA_ID, like: /^\w{0,80}Requests\w{0,80}PerMinute/ },
    verdict: { ...REQUESTS_WINDOW, limitField: QUOTA_VALUE },
  },
  {
    name: 'quota-minute',
    field: { at: QUOTA_ID, like: /^\w{0,80}PerMinute/ },
    verdict: { ...TOKENS_WINDOW, limitField: QUOTA_VALUE },
  },
];

const CREDENTIAL_RULES: readonly FailureRule[] = [
  {
    name: 'reported-as-leaked',
    status: [401, 403],
    message: /^Your API key was reported as leaked\b/,
    verdict: LEAKED,
  },
  {
    name: 'location-not-supported',
    status: [400, 403],
    message:
      /^User location is not supported for the API use\.?(?: without a billing account linked\.?)?$/,
    verdict: REGION,
  },
  {
    name: 'key-reason',
    field: {
      at: REASON,
      is: ['api_key_invalid', 'api_key_service_blocked', 'api_key_expired', 'consumer_suspended'],
    },
    verdict: DEAD,
  },
  {
    name: 'key-phrase',
    status: [400],
    message:
      /^API key (?:not valid\. Please pass a valid API key|expired\. Please renew the API key|not found\. Please pass a valid API key)\.?$/,
    verdict: DEAD,
  },
  {
    name: 'service-disabled',
    field: { at: REASON, is: ['service_disabled'] },
    verdict: FORBIDDEN,
  },
  {
    name: 'gemini-model-not-found',
    status: [404],
    message: /^models\/\S{1,200} is not (?:found|supported)\b/,
    verdict: FORBIDDEN,
  },
];

/** The table of `gemini` (AI Studio keys). A 429 that names no quota is a `slow_down`, as for every host. */
export const GEMINI_FAILURES: readonly FailureRule[] = Object.freeze([
  ...FUNDS_RULES,
  ...QUOTA_RULES,
  ...CREDENTIAL_RULES,
  ...COMPATIBLE_FAILURES,
]);
