import { defineVendor } from '../compatible/define-vendor.ts';
import { CHAT_FACE, type FaceOf, RESPONSES_FACE } from '../compatible/dialect-face.ts';
import { atOpenAisPlace } from '../compatible/operations.ts';
import type { Vendor } from '../compatible/vendor.ts';
import { GROQ_FAILURES } from './failures.ts';
import { GROQ_LIMITS } from './limit-headers.ts';

/** Fields that are answered with a 400. https://console.groq.com/docs/openai (Currently unsupported OpenAI features) */
const CHAT: FaceOf<'openai-chat'> = {
  ...CHAT_FACE,
  unsupported: ['logprobs', 'logit_bias', 'top_logprobs'],
};

/** Groq. https://console.groq.com/docs/api-reference */
export const groq: Vendor = defineVendor({
  kind: 'groq',
  baseUrl: 'https://api.groq.com/openai/v1',
  faces: [CHAT, RESPONSES_FACE],
  operations: atOpenAisPlace(
    'chat.completions',
    'responses',
    'audio.speech',
    'audio.transcriptions',
    'audio.translations',
    'files',
    'batches',
  ),
  failures: GROQ_FAILURES,
  limits: GROQ_LIMITS,
  // "Cached tokens do not count towards your rate limits" (rate-limit guide); that max_tokens counts when a request arrives is what
  // the `Requested` of its refusals shows, not what it documents
  charge: {
    output: 'upfront',
    unsetAllowance: 'learned',
    cachedInput: 'excluded',
    settlesTo: 'used',
    outputFactor: 1,
  },
});
