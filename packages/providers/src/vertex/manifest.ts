import { defineVendor, OPENAI_OPERATIONS } from '../compatible/define-vendor.ts';
import type { Vendor } from '../compatible/vendor.ts';
import { VERTEX_FAILURES } from './failures.ts';
import { VERTEX_LIMITS } from './limit-headers.ts';

/**
 * Vertex AI, by its OpenAI-compatible endpoint, whose base URL names project and region:
 * `https://REGION-aiplatform.googleapis.com/v1/projects/PROJECT/locations/REGION/endpoints/openapi`. The credential is an OAuth access
 * token; Keywell does not renew it, so it has to come from a file that something else keeps fresh.
 */
export const vertex: Vendor = defineVendor({
  kind: 'vertex',
  baseUrl: null,
  baseUrlForm:
    'https://REGION-aiplatform.googleapis.com/v1/projects/PROJECT/locations/REGION/endpoints/openapi',
  operations: Object.freeze({ 'chat.completions': OPENAI_OPERATIONS['chat.completions'] }),
  failures: VERTEX_FAILURES,
  limits: VERTEX_LIMITS,
  charge: {
    output: 'never',
    unsetAllowance: 'learned',
    cachedInput: 'counted',
    settlesTo: 'used',
    outputFactor: 1,
  },
  credentialCheck: null,
});
