import { accountFrom } from '../compatible/accounts.ts';
import { defineVendor } from '../compatible/define-vendor.ts';
import { CHAT_FACE, type FaceOf, RESPONSES_FACE } from '../compatible/dialect-face.ts';
import { atOpenAisPlace } from '../compatible/operations.ts';
import type { Vendor } from '../compatible/vendor.ts';
import { OPENAI_FAILURES } from './failures.ts';
import { OPENAI_LIMITS } from './limit-headers.ts';

/** Reasoning models refuse `max_tokens`; all take the newer name. https://platform.openai.com/docs/api-reference/chat/create */
const CHAT: FaceOf<'openai-chat'> = {
  ...CHAT_FACE,
  maxTokensField: 'max_completion_tokens',
  chat: { developerRole: 'developer' },
};

/** The OpenAI API. Paths as in https://platform.openai.com/docs/api-reference */
export const openai: Vendor = defineVendor({
  kind: 'openai',
  baseUrl: 'https://api.openai.com/v1',
  faces: [CHAT, RESPONSES_FACE],
  operations: atOpenAisPlace(
    'chat.completions',
    'completions',
    'embeddings',
    'responses',
    'images.generations',
    'images.edits',
    'images.variations',
    'audio.speech',
    'audio.transcriptions',
    'audio.translations',
    'moderations',
    'files',
    'batches',
    'realtime',
  ),
  failures: OPENAI_FAILURES,
  limits: OPENAI_LIMITS,
  // max_tokens counts when the request arrives (rate-limit guide); that nothing is given back is assumed, not documented
  charge: {
    output: 'upfront',
    unsetAllowance: 'learned',
    cachedInput: 'counted',
    settlesTo: 'upfront',
    outputFactor: 1,
  },
  accountOf: accountFrom('openai-organization', 'openai-project'),
});
