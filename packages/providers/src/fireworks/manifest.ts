import { defineVendor } from '../compatible/define-vendor.ts';
import { CHAT_FACE, MESSAGES_FACE, RESPONSES_FACE } from '../compatible/dialect-face.ts';
import { atOpenAisPlace } from '../compatible/operations.ts';
import type { Vendor } from '../compatible/vendor.ts';
import { FIREWORKS_FAILURES } from './failures.ts';
import { FIREWORKS_LIMITS } from './limit-headers.ts';

/** Fireworks AI. https://docs.fireworks.ai/api-reference, https://docs.fireworks.ai/tools-sdks/anthropic-compatibility */
export const fireworks: Vendor = defineVendor({
  kind: 'fireworks',
  baseUrl: 'https://api.fireworks.ai/inference/v1',
  faces: [CHAT_FACE, RESPONSES_FACE, MESSAGES_FACE],
  operations: atOpenAisPlace(
    'chat.completions',
    'completions',
    'embeddings',
    'responses',
    'rerank',
  ),
  failures: FIREWORKS_FAILURES,
  limits: FIREWORKS_LIMITS,
  // limits on all input, on input that was not cached, and on what is generated
  charge: {
    output: 'as_produced',
    unsetAllowance: 'learned',
    cachedInput: 'apart',
    settlesTo: 'used',
    outputFactor: 1,
  },
});
