import type { FailureRule } from '../compatible/failure-rule.ts';
import { COMPATIBLE_FAILURES } from '../compatible/failures.ts';
import { CONCURRENCY, ORGANIZATION_FUNDS, OVERLOADED } from '../compatible/verdicts.ts';

/**
 * DeepSeek has no rate limit, only a cap on what runs at once that moves with its load: a 429 is that cap.
 * https://api-docs.deepseek.com/quick_start/error_codes, …/rate_limit
 */
const DEEPSEEK_RULES: readonly FailureRule[] = [
  { name: 'insufficient-balance', status: [402], verdict: ORGANIZATION_FUNDS },
  { name: 'server-overloaded', status: [503], verdict: OVERLOADED },
];

const CAP_RULES: readonly FailureRule[] = [
  { name: 'running-at-once', status: [429], verdict: CONCURRENCY },
];

/** The table of `deepseek`: what a 429 says in words comes before what it means without any. */
export const DEEPSEEK_FAILURES: readonly FailureRule[] = Object.freeze([
  ...DEEPSEEK_RULES,
  ...COMPATIBLE_FAILURES.filter(({ name }) => name !== 'unnamed-limit'),
  ...CAP_RULES,
]);
