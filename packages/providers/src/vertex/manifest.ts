import { defineVendor, OPENAI_OPERATIONS } from '../compatible/define-vendor.ts';
import type { Vendor } from '../compatible/vendor.ts';
import { VERTEX_FAILURES } from './failures.ts';
import { VERTEX_LIMITS } from './limit-headers.ts';

/**
 * Vertex AI, by its OpenAI-compatible endpoint, whose base URL names project and region:
 * `https://REGION-aiplatform.googleapis.com/v1/projects/PROJECT/locations/REGION/endpoints/openapi`. The credential is a service
 * account's key, or a refresh token, for which Keywell fetches access tokens; an access token itself works until it ends.
 */
export const vertex: Vendor = defineVendor({
  kind: 'vertex',
  baseUrl: null,
  credentials: ['plain', 'google_service_account', 'oauth_refresh'],
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
