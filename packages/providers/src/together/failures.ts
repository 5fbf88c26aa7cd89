import type { FailureRule } from '../compatible/failure-rule.ts';
import { COMPATIBLE_FAILURES } from '../compatible/failures.ts';
import { ORGANIZATION_FUNDS, OVERLOADED, SLOW_DOWN } from '../compatible/verdicts.ts';

/**
 * Together limits by a rate that follows recent use: above it a 429 of a `dynamic_*` type, below it a 503, which is the platform's
 * lack of capacity. https://docs.together.ai/docs/serverless/rate-limits
 */
const DYNAMIC = ['dynamic_request_limited', 'dynamic_token_limited'];

const TOGETHER_RULES: readonly FailureRule[] = [
  { name: 'spending-cap', status: [402], verdict: ORGANIZATION_FUNDS },
  { name: 'dynamic-limit', codeOrType: DYNAMIC, verdict: SLOW_DOWN },
  { name: 'dynamic-error-type', field: { at: 'error_type', is: DYNAMIC }, verdict: SLOW_DOWN },
  { name: 'shed', status: [503], verdict: OVERLOADED },
];

/** The table of `together`. */
export const TOGETHER_FAILURES: readonly FailureRule[] = Object.freeze([
  ...TOGETHER_RULES,
  ...COMPATIBLE_FAILURES,
]);
