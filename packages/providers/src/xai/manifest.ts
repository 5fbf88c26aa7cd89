import { defineVendor } from '../compatible/define-vendor.ts';
import { CHAT_FACE, RESPONSES_FACE } from '../compatible/dialect-face.ts';
import { atOpenAisPlace } from '../compatible/operations.ts';
import type { Vendor } from '../compatible/vendor.ts';
import { XAI_FAILURES } from './failures.ts';
import { XAI_LIMITS } from './limit-headers.ts';

/** xAI. Limits belong to the team. Its endpoint in Anthropic's dialect is deprecated. https://docs.x.ai/docs/api-reference */
export const xai: Vendor = defineVendor({
  kind: 'xai',
  baseUrl: 'https://api.x.ai/v1',
  faces: [CHAT_FACE, RESPONSES_FACE],
  operations: atOpenAisPlace(
    'chat.completions',
    'completions',
    'responses',
    'images.generations',
    'images.edits',
    'files',
    'batches',
    'realtime',
  ),
  failures: XAI_FAILURES,
  limits: XAI_LIMITS,
});
