import type { FailureRule } from '../compatible/failure-rule.ts';
import { COMPATIBLE_FAILURES } from '../compatible/failures.ts';
import {
  CALLER,
  CONCURRENCY,
  DAILY,
  DEAD,
  EXPIRED,
  FORBIDDEN,
  ORGANIZATION_FUNDS,
  PROJECT_FUNDS,
  REGION,
  REQUESTS_WINDOW,
  SLOW_DOWN,
  TOKENS_WINDOW,
  TOO_LARGE,
  TRANSIENT,
  WINDOW,
} from '../compatible/verdicts.ts';

/**
 * Anthropic refuses spent budgets with a 400, so those phrases are matched whole: nothing of a prompt fits into them. A workspace is
 * the inner node of the domain tree. https://platform.claude.com/docs/en/api/errors, …/api/rate-limits
 */
const FUNDS_RULES: readonly FailureRule[] = [
  {
    name: 'workspace-usage-limit',
    status: [200, 400, 403, 429],
    message:
      /^You have reached your specified workspace API usage limits\. You will regain access on \d{4}-\d\d-\d\d(?: at \d\d:\d\d UTC)?\.?$/,
    verdict: PROJECT_FUNDS,
  },
  {
    name: 'organization-usage-limit',
    status: [200, 400, 403, 429],
    message:
      /^You have reached your specified API usage limits\. You will regain access on \d{4}-\d\d-\d\d(?: at \d\d:\d\d UTC)?\.?$/,
    verdict: ORGANIZATION_FUNDS,
  },
  {
    name: 'credit-balance',
    status: [200, 400, 402, 403, 429],
    message:
      /^Your credit balance is too low to access the (?:Anthropic|Claude) API\.?(?: Please go to Plans & Billing to upgrade or purchase credits\.?)?$/,
    verdict: ORGANIZATION_FUNDS,
  },
  // billing is the organization's, whatever workspace the key is of
  { name: 'billing', type: ['billing_error'], verdict: ORGANIZATION_FUNDS },
  {
    name: 'enforced-spend-limit',
    field: { at: 'error.details.error_code', is: ['enforced_spend_limit_reached'] },
    verdict: ORGANIZATION_FUNDS,
  },
  {
    name: 'monthly-spend-limit',
    status: [200, 429],
    message: /^This request would exceed your (?:account|organization)'s monthly spend limit\b/,
    verdict: ORGANIZATION_FUNDS,
  },
];

const LIMIT_OF =
  "^This request would exceed (?:the rate limit for your organization|your organization's rate limit)(?: \\([\\w-]{1,64}\\))? of (?<limit>[\\d,]{1,15}) ";

const WINDOW_RULES: readonly FailureRule[] = [
  // subscription windows of five hours and seven days
  {
    name: 'unified-rejected',
    status: [200, 429],
    header: { name: 'anthropic-ratelimit-unified-status', is: ['rejected'] },
    verdict: { ...DAILY, endsHeaders: ['anthropic-ratelimit-unified-reset'] },
  },
  {
    name: 'daily-tokens',
    status: [200, 429],
    message: /^Number of (?:request )?tokens has exceeded your daily rate limit\b/,
    verdict: { ...DAILY, dimension: 'tokens_day' },
  },
  {
    name: 'long-context-not-included',
    status: [200, 429],
    message: /^Extra usage is required for long context requests\b/,
    verdict: TOO_LARGE,
  },
  {
    name: 'input-tokens-limit',
    status: [200, 429],
    message: new RegExp(`${LIMIT_OF}input tokens per minute\\b`),
    verdict: { ...WINDOW, dimension: 'input_tokens_minute' },
  },
  {
    name: 'output-tokens-limit',
    status: [200, 429],
    message: new RegExp(`${LIMIT_OF}output tokens per minute\\b`),
    verdict: { ...WINDOW, dimension: 'output_tokens_minute' },
  },
  {
    name: 'requests-limit',
    status: [200, 429],
    message: new RegExp(`${LIMIT_OF}requests per minute\\b`),
    verdict: REQUESTS_WINDOW,
  },
  {
    name: 'minute-tokens',
    status: [200, 429],
    message: /^Number of (?:request )?tokens has exceeded your per-minute rate limit\b/,
    verdict: TOKENS_WINDOW,
  },
  {
    name: 'minute-requests',
    status: [200, 429],
    message: /^Number of requests has exceeded your per-minute rate limit\b/,
    verdict: REQUESTS_WINDOW,
  },
  {
    name: 'concurrent-connections',
    status: [200, 429],
    message: /^Number of concurrent connections has exceeded your rate limit\b/,
    verdict: CONCURRENCY,
  },
];

const CREDENTIAL_RULES: readonly FailureRule[] = [
  {
    name: 'oauth-expired',
    status: [401, 403],
    message: /^OAuth (?:access )?token has expired\b/,
    verdict: EXPIRED,
  },
  {
    name: 'organization-disabled',
    status: [400, 401, 403],
    message: /^(?:This|Your) organization has been disabled\.?$/,
    verdict: DEAD,
  },
  { name: 'authentication', type: ['authentication_error'], verdict: DEAD },
  // An address in a country that is not served, and sometimes an account that is not allowed: the same words, so each key counts for
  // itself, and after a call each all of them are out of the way.
  {
    name: 'request-not-allowed',
    status: [403],
    type: ['forbidden'],
    verdict: { ...REGION, scope: 'key' },
  },
  { name: 'permission', status: [200, 403], type: ['permission_error'], verdict: FORBIDDEN },
  {
    name: 'model-not-found',
    status: [200, 404],
    type: ['not_found_error'],
    message: /^model: \S{1,200}$/,
    verdict: FORBIDDEN,
  },
];

/** An error event in a stream has no status of its own: its type stands for the one it would have had. */
const EVENT_RULES: readonly FailureRule[] = [
  {
    name: 'event-exhausted-header',
    status: [200],
    type: ['rate_limit_error'],
    exhaustedHeader: true,
    verdict: WINDOW,
  },
  { name: 'event-unnamed-limit', status: [200], type: ['rate_limit_error'], verdict: SLOW_DOWN },
  { name: 'event-timeout', status: [200], type: ['timeout_error'], verdict: TRANSIENT },
  {
    name: 'event-caller',
    status: [200],
    type: ['request_too_large', 'not_found_error'],
    verdict: CALLER,
  },
];

/** The table of `anthropic`: its own wording, in its own and in OpenAI's envelope, then what every host may send. */
export const ANTHROPIC_FAILURES: readonly FailureRule[] = Object.freeze([
  ...FUNDS_RULES,
  ...WINDOW_RULES,
  ...CREDENTIAL_RULES,
  ...EVENT_RULES,
  ...COMPATIBLE_FAILURES,
]);
