import type { FailureRule } from '../compatible/failure-rule.ts';
import { COMPATIBLE_FAILURES } from '../compatible/failures.ts';
import { DEAD, FORBIDDEN, ORGANIZATION_FUNDS, OVERLOADED, REGION } from '../compatible/verdicts.ts';

/**
 * Groq took over OpenAI's sentences for limits, a day's among them, which the shared rows read. A spend limit that is reached blocks
 * the organization with a 400. https://console.groq.com/docs/spend-limits, …/errors, …/model-permissions
 */
const GROQ_RULES: readonly FailureRule[] = [
  { name: 'blocked-access', codeOrType: ['blocked_api_access'], verdict: ORGANIZATION_FUNDS },
  {
    name: 'spend-code',
    status: [400, 403, 429],
    field: { at: 'error.code', like: /^spend_[a-z_]{1,60}$/ },
    verdict: ORGANIZATION_FUNDS,
  },
  { name: 'restricted', codeOrType: ['organization_restricted'], verdict: DEAD },
  {
    name: 'model-permission',
    codeOrType: ['model_permission_blocked_org', 'model_permission_blocked_project'],
    verdict: FORBIDDEN,
  },
  // flex processing without capacity
  { name: 'flex-capacity', status: [498], verdict: OVERLOADED },
  {
    name: 'network-denied',
    status: [403],
    message: /^Access denied\. Please check your network settings\b/,
    verdict: REGION,
  },
];

/** The table of `groq`. */
export const GROQ_FAILURES: readonly FailureRule[] = Object.freeze([
  ...GROQ_RULES,
  ...COMPATIBLE_FAILURES,
]);
