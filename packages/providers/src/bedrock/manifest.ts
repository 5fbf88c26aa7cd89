import { defineVendor } from '../compatible/define-vendor.ts';
import { CHAT_FACE, CONVERSE_FACE, RESPONSES_FACE } from '../compatible/dialect-face.ts';
import { atOpenAisPlace } from '../compatible/operations.ts';
import type { Vendor } from '../compatible/vendor.ts';
import { BEDROCK_FAILURES } from './failures.ts';
import { BEDROCK_LIMITS } from './limit-headers.ts';

/**
 * Amazon Bedrock in its own dialect, Converse, which all its models of conversations speak; the credential is a Bedrock API key as
 * bearer. Base URLs of its endpoints for OpenAI's clients are spoken to in that dialect: `/openai/v1` at the runtime, `/v1` at
 * `bedrock-mantle.REGION.api.aws`.
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html, …/userguide/inference-chat-completions.html,
 * …/userguide/bedrock-mantle.html
 */
export const bedrock: Vendor = defineVendor({
  kind: 'bedrock',
  baseUrl: null,
  credentials: ['plain', 'aws_access_key'],
  baseUrlForm: 'https://bedrock-runtime.REGION.amazonaws.com',
  faces: [CONVERSE_FACE],
  operations: Object.freeze({ 'chat.completions': '/openai/v1/chat/completions' }),
  variants: [
    {
      where: (baseUrl) => baseUrl.endsWith('/openai/v1'),
      shown: '`/openai/v1`',
      instead: { faces: [CHAT_FACE], operations: atOpenAisPlace('chat.completions') },
    },
    {
      where: (baseUrl) => baseUrl.endsWith('/v1'),
      shown: '`/v1`',
      instead: {
        faces: [CHAT_FACE, RESPONSES_FACE],
        operations: atOpenAisPlace('chat.completions', 'responses'),
      },
    },
  ],
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
