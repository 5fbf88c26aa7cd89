import { defineVendor } from '../compatible/define-vendor.ts';
import { CHAT_FACE, type FaceOf } from '../compatible/dialect-face.ts';
import { atOpenAisPlace } from '../compatible/operations.ts';
import type { Vendor } from '../compatible/vendor.ts';
import { MISTRAL_FAILURES } from './failures.ts';
import { MISTRAL_LIMITS } from './limit-headers.ts';

/**
 * What its schema of a chat does not have it refuses with a 422 (`extra_forbidden`). https://docs.mistral.ai/api/#tag/chat; that each of
 * these is refused is derived from the schema.
 */
const CHAT: FaceOf<'openai-chat'> = {
  ...CHAT_FACE,
  maxTokensField: 'max_tokens',
  unsupported: [
    'audio',
    'function_call',
    'functions',
    'logit_bias',
    'logprobs',
    'modalities',
    'safety_identifier',
    'seed',
    'service_tier',
    'store',
    'stream_options',
    'top_logprobs',
    'user',
    'verbosity',
    'web_search_options',
  ],
};

/** Mistral. Its streams end with their usage unasked, and it refuses `stream_options`. */
export const mistral: Vendor = defineVendor({
  kind: 'mistral',
  baseUrl: 'https://api.mistral.ai/v1',
  faces: [CHAT],
  operations: {
    ...atOpenAisPlace(
      'chat.completions',
      'embeddings',
      'moderations',
      'audio.transcriptions',
      'files',
    ),
    batches: '/batch/jobs',
  },
  streamUsageDefault: false,
  failures: MISTRAL_FAILURES,
  limits: MISTRAL_LIMITS,
});
