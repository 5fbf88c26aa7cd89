import type { UpstreamKeyRecord } from '@keywell/core/snapshot/snapshot';
import { defineVendor, OPENAI_OPERATIONS } from '../compatible/define-vendor.ts';
import type { Vendor } from '../compatible/vendor.ts';
import { AZURE_OPENAI_FAILURES } from './failures.ts';
import { AZURE_OPENAI_LIMITS } from './limit-headers.ts';

function apiKeyHeaders(key: UpstreamKeyRecord): string[] {
  return key.value === null ? [] : ['api-key', key.value.reveal()];
}

/**
 * Azure OpenAI by its v1 API, `https://RESOURCE.openai.azure.com/openai/v1`, in which `model` names the deployment. The two keys of a
 * resource are one bucket: give them the same domain.
 */
export const azureOpenai: Vendor = defineVendor({
  kind: 'azure-openai',
  baseUrl: null,
  credentials: ['plain', 'entra_client'],
  baseUrlForm: 'https://RESOURCE.openai.azure.com/openai/v1',
  operations: Object.freeze({
    'chat.completions': OPENAI_OPERATIONS['chat.completions'],
    embeddings: OPENAI_OPERATIONS.embeddings,
  }),
  authHeaders: apiKeyHeaders,
  failures: AZURE_OPENAI_FAILURES,
  limits: AZURE_OPENAI_LIMITS,
  // as OpenAI: the larger of max_tokens and its estimate when the request arrives; refunds are not documented
  charge: {
    output: 'upfront',
    unsetAllowance: 'learned',
    cachedInput: 'counted',
    settlesTo: 'upfront',
    outputFactor: 1,
  },
});
