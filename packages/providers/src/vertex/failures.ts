import type { FailureRule } from '../compatible/failure-rule.ts';
import { COMPATIBLE_FAILURES } from '../compatible/failures.ts';
import {
  DEAD,
  EXPIRED,
  FORBIDDEN,
  PROJECT_FUNDS,
  REGION,
  REQUESTS_WINDOW,
  WINDOW,
} from '../compatible/verdicts.ts';

/**
 * Vertex AI. Capacity is a shared pool, so most of its 429s name no limit and teach only by being refused; projects with quotas of
 * their own get a sentence with the quota's name. https://cloud.google.com/vertex-ai/generative-ai/docs/error-code-429
 */
const REASON = 'error.details.*.reason';

const VERTEX_RULES: readonly FailureRule[] = [
  {
    name: 'billing-disabled',
    field: { at: REASON, is: ['billing_disabled'] },
    verdict: PROJECT_FUNDS,
  },
  {
    name: 'quota-tokens-minute',
    status: [200, 429],
    message:
      /^Quota exceeded for (?:quota metric )?aiplatform\.googleapis\.com\/\w{0,80}input_tokens_per_minute/,
    verdict: { ...WINDOW, dimension: 'input_tokens_minute' },
  },
  {
    name: 'quota-requests-minute',
    status: [200, 429],
    message:
      /^Quota exceeded for (?:quota metric )?aiplatform\.googleapis\.com\/(?:\w{0,80}requests_per_minute|online_prediction_requests_per_base_model)/,
    verdict: REQUESTS_WINDOW,
  },
  {
    name: 'location-not-supported',
    status: [400, 403],
    message: /^User location is not supported for the API use\.?$/,
    verdict: REGION,
  },
  // service accounts and users log in with tokens that live an hour
  { name: 'token-expired', field: { at: REASON, is: ['access_token_expired'] }, verdict: EXPIRED },
  {
    name: 'key-reason',
    field: {
      at: REASON,
      is: ['api_key_invalid', 'account_state_invalid', 'consumer_invalid', 'consumer_suspended'],
    },
    verdict: DEAD,
  },
  {
    name: 'service-disabled',
    field: { at: REASON, is: ['service_disabled'] },
    verdict: FORBIDDEN,
  },
  {
    name: 'vertex-model-not-found',
    status: [404],
    message:
      /^Publisher [Mm]odel `?\S{1,300} (?:was not found|is not (?:found|servable|allowed))\b/,
    verdict: FORBIDDEN,
  },
];

/** The table of `vertex`. */
export const VERTEX_FAILURES: readonly FailureRule[] = Object.freeze([
  ...VERTEX_RULES,
  ...COMPATIBLE_FAILURES,
]);
