import type { FailureRule } from '../compatible/failure-rule.ts';
import { COMPATIBLE_FAILURES } from '../compatible/failures.ts';
import {
  CONCURRENCY,
  DAILY,
  FORBIDDEN,
  FUNDS,
  NOTHING,
  ORGANIZATION_FUNDS,
  OVERLOADED,
  REQUESTS_WINDOW,
  TOO_LARGE,
} from '../compatible/verdicts.ts';

/**
 * OpenRouter says in `metadata.limit_source` which limit a 402 ran into; older refusals say it in words only. Errors also come inside
 * 200s, with the status in `code`. https://openrouter.ai/docs/api_reference/limits, …/errors-and-debugging
 */
const SOURCE = 'error.metadata.limit_source';
const RESET = {
  endsHeaders: ['x-ratelimit-reset'],
  endsFields: ['error.metadata.headers.X-RateLimit-Reset', 'error.metadata.retry_after_seconds'],
} as const;

const FUNDS_RULES: readonly FailureRule[] = [
  // estimated costs of what runs now fill the account's budget for it: over as soon as some of that ends
  {
    name: 'in-flight-budget',
    field: { at: SOURCE, is: ['openrouter_in_flight_budget'] },
    verdict: { ...CONCURRENCY, level: 'organization', endsFields: RESET.endsFields },
  },
  {
    name: 'costlier-than-budget',
    field: { at: 'error.metadata.reason', is: ['weight_exceeds_budget'] },
    verdict: { ...TOO_LARGE, scope: 'node', dimension: 'spend', level: 'organization' },
  },
  // what the balance pays for bounds the answer: smaller allowances are still served
  {
    name: 'affords-less',
    status: [200, 402],
    message:
      /^This request requires more credits, or fewer max_tokens\. You requested up to \d{1,12} tokens, but can only afford (?<affords>[1-9]\d{0,11})\. To increase, visit https:\/\/openrouter\.ai\/settings\/keys\b/,
    verdict: { ...FUNDS, scope: 'key', dimension: 'output_tokens_minute' },
  },
  {
    name: 'account-affords-less',
    status: [200, 402],
    message:
      /^This request requires more credits, or fewer max_tokens\. You requested up to \d{1,12} tokens, but can only afford (?<affords>[1-9]\d{0,11})\b/,
    verdict: { ...ORGANIZATION_FUNDS, dimension: 'output_tokens_minute' },
  },
  {
    name: 'key-limit',
    field: { at: SOURCE, is: ['openrouter_key_limit'] },
    verdict: { ...FUNDS, scope: 'key' },
  },
  {
    name: 'key-limit-phrase',
    status: [200, 402, 403],
    message: /^Key limit exceeded\b/,
    verdict: { ...FUNDS, scope: 'key' },
  },
  {
    name: 'credits',
    field: { at: SOURCE, is: ['openrouter_credits'] },
    verdict: ORGANIZATION_FUNDS,
  },
  { name: 'payment-required', status: [402], verdict: ORGANIZATION_FUNDS },
];

const WINDOW_RULES: readonly FailureRule[] = [
  {
    name: 'free-daily',
    field: { at: SOURCE, is: ['openrouter_free_tier_daily'] },
    verdict: { ...DAILY, dimension: 'requests_day', ...RESET },
  },
  {
    name: 'free-per-day',
    status: [200, 429],
    message: /^Rate limit exceeded: free-models-per-day\b/,
    verdict: { ...DAILY, dimension: 'requests_day', ...RESET },
  },
  {
    name: 'free-per-minute',
    status: [200, 429],
    message: /^Rate limit exceeded: free-models-per-min\b/,
    verdict: { ...REQUESTS_WINDOW, ...RESET },
  },
  // the provider behind OpenRouter, which another of our keys would meet too
  {
    name: 'upstream-rate-limited',
    status: [429],
    field: { at: 'error.metadata.provider_name', like: /^\S/ },
    verdict: OVERLOADED,
  },
];

const REST_RULES: readonly FailureRule[] = [
  // what an account or a key allows of its data: another one may allow more
  {
    name: 'data-policy',
    status: [404],
    message:
      /^No endpoints (?:found|available) matching your (?:guardrail restrictions and )?data policy\b/,
    verdict: FORBIDDEN,
  },
  {
    name: 'moderation',
    status: [403],
    field: { at: 'error.metadata.reasons.*' },
    verdict: NOTHING,
  },
  { name: 'no-provider', status: [502, 503], verdict: OVERLOADED },
];

/** The table of `openrouter`. */
export const OPENROUTER_FAILURES: readonly FailureRule[] = Object.freeze([
  ...FUNDS_RULES,
  ...WINDOW_RULES,
  ...REST_RULES,
  ...COMPATIBLE_FAILURES,
]);
