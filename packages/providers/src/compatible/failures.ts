import type { FailureRule } from './failure-rule.ts';
import {
  BUSY_PROCESS,
  CALLER,
  CONCURRENCY,
  DAILY,
  DEAD,
  FORBIDDEN,
  FUNDS,
  NOTHING,
  OVERLOADED,
  REGION,
  REQUESTS_WINDOW,
  SLOW_DOWN,
  TOKENS_WINDOW,
  TOO_LARGE,
  TRANSIENT,
  WINDOW,
} from './verdicts.ts';
import { DAILY_LIMIT_REACHED, RATE_LIMIT_REACHED, REQUEST_TOO_LARGE } from './wording.ts';

/**
 * What OpenAI-compatible hosts are known to answer, most serious first. Codes count on any status; phrases only at the beginning of
 * a message and only on statuses that no caller's mistake produces, because hosts quote prompts back inside a 400. OpenAI's funds
 * sentence ("You exceeded your current quota") is missing on purpose: Gemini's compatible endpoint uses it for a minute's limit.
 */
/** Statuses under which a limit's sentence may arrive: refusals, and errors inside a 200. */
const REFUSALS = [200, 413, 429, 503] as const;

const FUNDS_RULES: readonly FailureRule[] = [
  {
    name: 'funds-code',
    codeOrType: [
      'insufficient_quota',
      'insufficient_balance',
      'insufficient_funds',
      'insufficient_credits',
      'credit_balance_exhausted',
      'exceeded_current_quota_error',
      'insufficient_user_quota',
      'billing_not_active',
      'billing_error',
      'payment_required',
      'arrearage',
      'budget_exceeded',
    ],
    verdict: FUNDS,
  },
  { name: 'funds-status', status: [402], verdict: FUNDS },
  // MiniMax answers 200 with a status of its own beside the reply
  {
    name: 'base-resp-balance',
    field: { at: 'base_resp.status_code', is: ['1008'] },
    verdict: FUNDS,
  },
  {
    name: 'balance-phrase',
    status: [403, 429],
    message:
      /^(?:Insufficient (?:account )?balance\b|Your team \S{1,64} has either used all available credits\b)/i,
    verdict: FUNDS,
  },
];

const WINDOW_RULES: readonly FailureRule[] = [
  { name: 'daily-limit', status: REFUSALS, message: DAILY_LIMIT_REACHED, verdict: DAILY },
  {
    name: 'daily-code',
    codeOrType: ['rpd_rate_limit_exceeded'],
    verdict: { ...DAILY, dimension: 'requests_day' },
  },
  {
    name: 'daily-tokens-code',
    codeOrType: ['tpd_rate_limit_exceeded'],
    verdict: { ...DAILY, dimension: 'tokens_day' },
  },
  { name: 'request-too-large', status: REFUSALS, message: REQUEST_TOO_LARGE, verdict: TOO_LARGE },
  { name: 'rate-limit', status: REFUSALS, message: RATE_LIMIT_REACHED, verdict: WINDOW },
  {
    name: 'requests-code',
    codeOrType: ['rpm_rate_limit_exceeded', 'limit_requests'],
    verdict: REQUESTS_WINDOW,
  },
  {
    name: 'tokens-code',
    codeOrType: ['tpm_rate_limit_exceeded', 'limit_tokens'],
    verdict: TOKENS_WINDOW,
  },
];

const BUSY_RULES: readonly FailureRule[] = [
  {
    name: 'concurrency-code',
    codeOrType: ['concurrency_limit_exceeded', 'too_many_concurrent_requests'],
    verdict: CONCURRENCY,
  },
  {
    name: 'concurrency-phrase',
    status: [429],
    message:
      /^(?:Concurrency limit reached for requests\b|Your account \S{1,200} request reached (?:organization )?max (?:organization )?concurrency\b)/i,
    verdict: CONCURRENCY,
  },
  {
    name: 'process-queue-full',
    status: [429, 503],
    shape: ['text', 'object'],
    message:
      /^(?:server busy, please try again\b|unexpected server status: llm busy\b|no slots? available\b)/i,
    verdict: BUSY_PROCESS,
  },
  {
    name: 'process-overloaded',
    status: [429],
    type: ['overloaded'],
    shape: ['text', 'flat', 'object'],
    verdict: BUSY_PROCESS,
  },
  {
    name: 'rate-limit-code',
    codeOrType: ['rate_limit_exceeded', 'rate_limit_reached_error'],
    verdict: WINDOW,
  },
  { name: 'limit-type', status: [200, 429], type: ['requests', 'tokens'], verdict: WINDOW },
  {
    name: 'base-resp-plan',
    field: { at: 'base_resp.status_code', is: ['2056'] },
    verdict: DAILY,
  },
  {
    name: 'base-resp-requests',
    field: { at: 'base_resp.status_code', is: ['1002'] },
    verdict: REQUESTS_WINDOW,
  },
  {
    name: 'base-resp-tokens',
    field: { at: 'base_resp.status_code', is: ['1039'] },
    verdict: TOKENS_WINDOW,
  },
  {
    name: 'slow-down-code',
    codeOrType: [
      'slow_down',
      'limit_burst_rate',
      'dynamic_request_limited',
      'dynamic_token_limited',
    ],
    verdict: SLOW_DOWN,
  },
];

const CREDENTIAL_RULES: readonly FailureRule[] = [
  { name: 'mismatched-organization', codeOrType: ['mismatched_organization'], verdict: NOTHING },
  // before the plain 401: sibling keys fail in the same way, so this one is not at fault
  {
    name: 'region-code',
    codeOrType: ['unsupported_country_region_territory', 'ip_not_authorized'],
    verdict: REGION,
  },
  {
    name: 'credential-code',
    codeOrType: [
      'invalid_api_key',
      'incorrect_api_key_error',
      'invalid_authentication_error',
      'account_deactivated',
      'api_key_expired',
    ],
    verdict: DEAD,
  },
  {
    name: 'base-resp-key',
    field: { at: 'base_resp.status_code', is: ['1004', '2049'] },
    verdict: DEAD,
  },
  { name: 'credential-status', status: [401], verdict: DEAD },
  {
    name: 'model-code',
    codeOrType: ['model_not_found', 'model_not_available'],
    verdict: FORBIDDEN,
  },
  {
    name: 'model-phrase',
    status: [403, 404],
    message:
      /^(?:The model [`'"]?[^\s`'"]{1,200}[`'"]? (?:does not exist\b|is not available\b)|model [`'"][^\s`'"]{1,200}[`'"] (?:is )?not found\b|Project \S{1,200} does not have access to model\b)/i,
    verdict: FORBIDDEN,
  },
  {
    name: 'model-not-exist',
    status: [400, 404],
    message: /^Model Not Exist$/i,
    verdict: FORBIDDEN,
  },
];

const REST_RULES: readonly FailureRule[] = [
  {
    name: 'overloaded-code',
    codeOrType: [
      'server_is_overloaded',
      'service_unavailable_error',
      'overloaded_error',
      'engine_overloaded_error',
      'unavailable_error',
      'capacity_exceeded',
      'service_tier_capacity_exceeded',
      'resource_unavailable',
    ],
    verdict: OVERLOADED,
  },
  { name: 'overloaded-status', status: [498, 503, 529], verdict: OVERLOADED },
  { name: 'exhausted-header', status: [429], exhaustedHeader: true, verdict: WINDOW },
  { name: 'unnamed-limit', status: [429], verdict: SLOW_DOWN },
  { name: 'transient-status', status: [408, 500, 502, 504, [520, 527], 530], verdict: TRANSIENT },
  {
    name: 'transient-code',
    status: [200],
    codeOrType: ['server_error', 'internal_error', 'internal_server_error', 'api_error'],
    verdict: TRANSIENT,
  },
  { name: 'caller-status', status: [400, 404, 413, 422], verdict: CALLER },
  {
    name: 'caller-code',
    codeOrType: [
      'invalid_request_error',
      'content_filter',
      'content_policy_violation',
      'context_length_exceeded',
    ],
    status: [200],
    verdict: CALLER,
  },
];

/** The table of `openai-compatible`. What no row fits is `unknown` and marks nothing, an HTML 403 for one. */
export const COMPATIBLE_FAILURES: readonly FailureRule[] = Object.freeze([
  ...FUNDS_RULES,
  ...WINDOW_RULES,
  ...BUSY_RULES,
  ...CREDENTIAL_RULES,
  ...REST_RULES,
]);
