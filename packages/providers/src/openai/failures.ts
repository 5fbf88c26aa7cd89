import type { FailureRule } from '../compatible/failure-rule.ts';
import {
  CALLER,
  DAILY,
  DEAD,
  FORBIDDEN,
  NOTHING,
  ORGANIZATION_FUNDS,
  OVERLOADED,
  PROJECT_FUNDS,
  REGION,
  SLOW_DOWN,
  TOO_LARGE,
  TRANSIENT,
  WINDOW,
} from '../compatible/verdicts.ts';
import {
  DAILY_LIMIT_REACHED,
  RATE_LIMIT_REACHED,
  REQUEST_TOO_LARGE,
} from '../compatible/wording.ts';

/**
 * OpenAI's refusals, most serious first; sources are the error-codes and rate-limit guides and the captures in fixtures/. Codes
 * count on any status, an error event inside a 200 stream included; phrases only where no prompt can be quoted.
 */
const REFUSALS = [200, 413, 429] as const;

const FUNDS_RULES: readonly FailureRule[] = [
  // codes before types: a project's limit arrives with the broader type insufficient_quota
  {
    name: 'project-funds',
    code: ['project_spend_limit_exceeded'],
    verdict: PROJECT_FUNDS,
  },
  {
    name: 'organization-funds',
    codeOrType: [
      'credit_balance_exhausted',
      'organization_spend_limit_exceeded',
      'organization_usage_limit_exceeded',
      'insufficient_quota',
      'billing_not_active',
      'billing_hard_limit_reached',
    ],
    verdict: ORGANIZATION_FUNDS,
  },
  { name: 'funds-status', status: [402], verdict: ORGANIZATION_FUNDS },
];

const WINDOW_RULES: readonly FailureRule[] = [
  { name: 'daily-limit', status: REFUSALS, message: DAILY_LIMIT_REACHED, verdict: DAILY },
  { name: 'request-too-large', status: REFUSALS, message: REQUEST_TOO_LARGE, verdict: TOO_LARGE },
  { name: 'rate-limit', status: REFUSALS, message: RATE_LIMIT_REACHED, verdict: WINDOW },
  { name: 'rate-limit-code', code: ['rate_limit_exceeded'], verdict: WINDOW },
  { name: 'limit-type', status: [200, 429], type: ['requests', 'tokens'], verdict: WINDOW },
  { name: 'slow-down', code: ['slow_down'], verdict: SLOW_DOWN },
];

const CREDENTIAL_RULES: readonly FailureRule[] = [
  // the organization header is wrong, the key may be well
  { name: 'mismatched-organization', code: ['mismatched_organization'], verdict: NOTHING },
  // before the plain 401: every key fails from this address
  {
    name: 'region-code',
    code: ['unsupported_country_region_territory', 'ip_not_authorized'],
    verdict: REGION,
  },
  {
    name: 'address-not-authorized',
    status: [401],
    message: /^(?:Your )?(?:request )?IP (?:address )?(?:\S{1,64} )?(?:is )?not authorized\b/i,
    verdict: REGION,
  },
  {
    name: 'credential-code',
    codeOrType: ['invalid_api_key', 'account_deactivated', 'access_terminated'],
    verdict: DEAD,
  },
  // a restricted key may serve another operation
  {
    name: 'missing-scope',
    status: [401, 403],
    message: /^You have insufficient permissions for this operation\b/,
    verdict: FORBIDDEN,
  },
  {
    name: 'credential-status',
    status: [401],
    shape: ['object', 'text', 'flat', 'detail', 'bare', 'none'],
    verdict: DEAD,
  },
  { name: 'model-code', code: ['model_not_found'], verdict: FORBIDDEN },
  {
    name: 'model-phrase',
    status: [403, 404],
    message:
      /^(?:The model [`'][^\s`']{1,200}[`'] does not exist\b|Project \S{1,200} does not have access to model\b)/,
    verdict: FORBIDDEN,
  },
];

const REST_RULES: readonly FailureRule[] = [
  {
    name: 'overloaded-code',
    codeOrType: ['server_is_overloaded', 'service_unavailable_error', 'engine_overloaded'],
    verdict: OVERLOADED,
  },
  // flex processing: there is no capacity, and nothing is charged
  { name: 'flex-unavailable', codeOrType: ['resource_unavailable'], verdict: OVERLOADED },
  {
    name: 'overloaded-phrase',
    status: [200, 429],
    message:
      /^(?:Our servers are currently overloaded\b|That model is currently overloaded with\b|Resource Unavailable\b)/i,
    verdict: OVERLOADED,
  },
  { name: 'overloaded-status', status: [503, 529], verdict: OVERLOADED },
  { name: 'exhausted-header', status: [429], exhaustedHeader: true, verdict: WINDOW },
  { name: 'unnamed-limit', status: [429], verdict: SLOW_DOWN },
  { name: 'transient-status', status: [408, 500, 502, 504, [520, 527], 530], verdict: TRANSIENT },
  { name: 'transient-code', status: [200], codeOrType: ['server_error'], verdict: TRANSIENT },
  { name: 'caller-status', status: [400, 404, 413, 422], verdict: CALLER },
  {
    name: 'caller-code',
    status: [200],
    codeOrType: [
      'invalid_request_error',
      'content_filter',
      'content_policy_violation',
      'context_length_exceeded',
    ],
    verdict: CALLER,
  },
];

/** The table of `openai`. What no row fits is `unknown` and marks nothing: moderation and a firewall's HTML 403 among them. */
export const OPENAI_FAILURES: readonly FailureRule[] = Object.freeze([
  ...FUNDS_RULES,
  ...WINDOW_RULES,
  ...CREDENTIAL_RULES,
  ...REST_RULES,
]);
