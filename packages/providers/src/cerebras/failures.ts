import type { FailureRule } from '../compatible/failure-rule.ts';
import { COMPATIBLE_FAILURES } from '../compatible/failures.ts';
import {
  DAILY,
  OVERLOADED,
  REQUESTS_WINDOW,
  TOKENS_WINDOW,
  WINDOW,
} from '../compatible/verdicts.ts';

/** Cerebras: flat errors, whose message says of which window they speak. https://inference-docs.cerebras.ai/support/error */
const REFUSED = [200, 429] as const;

const CEREBRAS_RULES: readonly FailureRule[] = [
  {
    name: 'tokens-day',
    status: REFUSED,
    message: /^Tokens per day limit exceeded\b/,
    verdict: { ...DAILY, dimension: 'tokens_day' },
  },
  {
    name: 'requests-day',
    status: REFUSED,
    message: /^Requests per day limit exceeded\b/,
    verdict: { ...DAILY, dimension: 'requests_day' },
  },
  {
    name: 'tokens-hour',
    status: REFUSED,
    message: /^Tokens per hour limit exceeded\b/,
    verdict: { ...WINDOW, dimension: 'tokens_hour' },
  },
  {
    name: 'requests-hour',
    status: REFUSED,
    message: /^Requests per hour limit exceeded\b/,
    verdict: { ...WINDOW, dimension: 'requests_hour' },
  },
  {
    name: 'tokens-minute',
    status: REFUSED,
    message: /^Tokens per minute limit exceeded\b/,
    verdict: TOKENS_WINDOW,
  },
  {
    name: 'requests-minute',
    status: REFUSED,
    message: /^Requests per (?:minute|second) limit exceeded\b/,
    verdict: REQUESTS_WINDOW,
  },
  { name: 'queue-exceeded', code: ['queue_exceeded'], verdict: OVERLOADED },
  { name: 'token-quota', code: ['token_quota_exceeded'], verdict: TOKENS_WINDOW },
  { name: 'request-quota', code: ['request_quota_exceeded'], verdict: REQUESTS_WINDOW },
];

/** The table of `cerebras`. */
export const CEREBRAS_FAILURES: readonly FailureRule[] = Object.freeze([
  ...CEREBRAS_RULES,
  ...COMPATIBLE_FAILURES,
]);
