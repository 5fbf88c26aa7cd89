import type { FailureRule } from '../compatible/failure-rule.ts';
import { COMPATIBLE_FAILURES } from '../compatible/failures.ts';
import { ORGANIZATION_FUNDS } from '../compatible/verdicts.ts';

/** Fireworks suspends an account that reached its spending limit or owes: every call is refused with a 412. */
const FIREWORKS_RULES: readonly FailureRule[] = [
  { name: 'account-suspended', status: [412], verdict: ORGANIZATION_FUNDS },
  { name: 'precondition-failed', code: ['precondition_failed'], verdict: ORGANIZATION_FUNDS },
];

/** The table of `fireworks`. */
export const FIREWORKS_FAILURES: readonly FailureRule[] = Object.freeze([
  ...FIREWORKS_RULES,
  ...COMPATIBLE_FAILURES,
]);
