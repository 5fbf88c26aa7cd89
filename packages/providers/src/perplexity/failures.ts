import type { FailureRule } from '../compatible/failure-rule.ts';
import { COMPATIBLE_FAILURES } from '../compatible/failures.ts';
import { ORGANIZATION_FUNDS } from '../compatible/verdicts.ts';

/** Perplexity answers an account without credits with a 401, as it answers a wrong key; what it says beside that tells them apart. */
const PERPLEXITY_RULES: readonly FailureRule[] = [
  { name: 'credits-type', codeOrType: ['insufficient_quota'], verdict: ORGANIZATION_FUNDS },
  {
    name: 'credits-phrase',
    status: [401, 402],
    message: /^You (?:have )?exceeded your current quota\b/,
    verdict: ORGANIZATION_FUNDS,
  },
];

/** The table of `perplexity`. */
export const PERPLEXITY_FAILURES: readonly FailureRule[] = Object.freeze([
  ...PERPLEXITY_RULES,
  ...COMPATIBLE_FAILURES,
]);
