import { defineVendor, OPENAI_OPERATIONS } from '../compatible/define-vendor.ts';
import type { Vendor } from '../compatible/vendor.ts';
import { BEDROCK_FAILURES } from './failures.ts';
import { BEDROCK_LIMITS } from './limit-headers.ts';

/**
 * Amazon Bedrock, by its OpenAI-compatible endpoint (`https://bedrock-runtime.REGION.amazonaws.com/openai/v1`) and a Bedrock API key as
 * bearer. Its own dialects and signed requests are not spoken yet; the table knows their refusals already.
 * https://docs.aws.amazon.com/bedrock/latest/userguide/inference-chat-completions.html
 */
export const bedrock: Vendor = defineVendor({
  kind: 'bedrock',
  baseUrl: null,
  credentials: ['plain', 'aws_access_key'],
  baseUrlForm: 'https://bedrock-runtime.REGION.amazonaws.com/openai/v1',
  operations: Object.freeze({ 'chat.completions': OPENAI_OPERATIONS['chat.completions'] }),
  failures: BEDROCK_FAILURES,
  limits: BEDROCK_LIMITS,
  // Input and max_tokens (unset: the model's most) when it arrives; in the end input, cache writes and output times the burndown rate,
  // which is 5 for Claude since 3.7 and 1 for others: the higher one, since too much held back costs less than a refusal.
  // https://docs.aws.amazon.com/bedrock/latest/userguide/quotas-token-burndown.html
  charge: {
    output: 'upfront',
    unsetAllowance: 'context_length',
    cachedInput: 'excluded',
    settlesTo: 'used',
    outputFactor: 5,
  },
  credentialCheck: null,
});
