import { ratelimitHeader } from '../compatible/limit-headers.ts';
import type { LimitHeader } from '../compatible/limit-headers.ts';

/**
 * Pay-as-you-go deployments tell what remains, provisioned ones how much of their throughput is used.
 * https://learn.microsoft.com/azure/ai-services/openai/how-to/provisioned-get-started
 */
export const AZURE_OPENAI_LIMITS: readonly LimitHeader[] = Object.freeze([
  ratelimitHeader('requests', 'requests_minute'),
  ratelimitHeader('tokens', 'tokens_minute'),
  {
    dimension: 'unknown',
    names: { utilization: 'azure-openai-deployment-utilization' },
    refill: 'continuous',
  },
]);
