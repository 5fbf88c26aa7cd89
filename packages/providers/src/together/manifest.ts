import { defineVendor } from '../compatible/define-vendor.ts';
import { atOpenAisPlace } from '../compatible/operations.ts';
import type { Vendor } from '../compatible/vendor.ts';
import { TOGETHER_FAILURES } from './failures.ts';
import { TOGETHER_LIMITS } from './limit-headers.ts';

/** Together AI. https://docs.together.ai/reference */
export const together: Vendor = defineVendor({
  kind: 'together',
  baseUrl: 'https://api.together.xyz/v1',
  operations: atOpenAisPlace(
    'chat.completions',
    'completions',
    'embeddings',
    'images.generations',
    'audio.speech',
    'audio.transcriptions',
    'audio.translations',
    'rerank',
    'files',
    'batches',
  ),
  failures: TOGETHER_FAILURES,
  limits: TOGETHER_LIMITS,
});
