import type { FailureRule } from '../compatible/failure-rule.ts';
import { COMPATIBLE_FAILURES } from '../compatible/failures.ts';
import {
  DEAD,
  FORBIDDEN,
  OVERLOADED,
  REGION,
  REQUESTS_WINDOW,
  TOKENS_WINDOW,
  WINDOW,
} from '../compatible/verdicts.ts';

/**
 * Azure OpenAI puts the status into `code` ("429"), so its sentences tell limits apart. A wait of a day in "Please retry after" makes
 * a long limit of it. https://learn.microsoft.com/azure/ai-services/openai/how-to/quota
 */
const EXCEEDED =
  '^Requests to the \\S{1,100} Operation under Azure OpenAI API version \\S{1,40} have exceeded ';
const REFUSED = [200, 429] as const;

const AZURE_RULES: readonly FailureRule[] = [
  {
    name: 'token-rate-limit',
    status: REFUSED,
    message: new RegExp(`${EXCEEDED}(?:the )?token rate limit\\b`),
    verdict: TOKENS_WINDOW,
  },
  {
    name: 'call-rate-limit',
    status: REFUSED,
    message: new RegExp(`${EXCEEDED}(?:the )?call rate limit\\b`),
    verdict: REQUESTS_WINDOW,
  },
  // capacity of the service, not of the deployment
  {
    name: 'high-demand',
    status: [200, 429, 503],
    message: /^The system is currently experiencing high demand\b/,
    verdict: OVERLOADED,
  },
  { name: 'no-capacity', code: ['nocapacity'], verdict: OVERLOADED },
  // provisioned throughput: at 100 % everything is refused until the bucket has leaked enough
  {
    name: 'provisioned-utilization',
    status: [429],
    header: {
      name: 'azure-openai-deployment-utilization',
      like: /^[1-9]\d{2,5}(?:\.\d{1,9})?%$/,
    },
    verdict: WINDOW,
  },
  { name: 'rate-limit-reached', status: [429], code: ['ratelimitreached'], verdict: WINDOW },
  {
    name: 'network-rules',
    status: [403],
    message: /^Access denied due to Virtual Network\/Firewall rules\b/,
    verdict: REGION,
  },
  {
    name: 'subscription-key',
    status: [401],
    message: /^Access denied due to invalid subscription key or wrong API endpoint\b/,
    verdict: DEAD,
  },
  {
    name: 'deployment-not-found',
    code: ['deploymentnotfound', 'modelnotfound'],
    verdict: FORBIDDEN,
  },
];

/** The table of `azure-openai`. */
export const AZURE_OPENAI_FAILURES: readonly FailureRule[] = Object.freeze([
  ...AZURE_RULES,
  ...COMPATIBLE_FAILURES,
]);
