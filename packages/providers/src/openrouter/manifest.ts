import { defineVendor } from '../compatible/define-vendor.ts';
import {
  CHAT_FACE,
  type FaceOf,
  MESSAGES_FACE,
  RESPONSES_FACE,
} from '../compatible/dialect-face.ts';
import { atOpenAisPlace } from '../compatible/operations.ts';
import type { Vendor } from '../compatible/vendor.ts';
import { OPENROUTER_BALANCE } from './balance.ts';
import { OPENROUTER_FAILURES } from './failures.ts';
import { OPENROUTER_LIMITS } from './limit-headers.ts';

/**
 * OpenRouter. Its list of models is public, so that reading it proves nothing about a key; its own key endpoint does.
 * https://openrouter.ai/docs/api/api-reference (chat, responses, anthropic-messages)
 */
/** Budgets of thinking, proofs of thoughts, marks for the prompt cache. https://openrouter.ai/docs/use-cases/reasoning-tokens */
const CHAT: FaceOf<'openai-chat'> = {
  ...CHAT_FACE,
  chat: {
    cacheControl: true,
    thinking: 'reasoning_details',
    reasoning: 'reasoning',
    topK: true,
  },
};

export const openrouter: Vendor = defineVendor({
  kind: 'openrouter',
  baseUrl: 'https://openrouter.ai/api/v1',
  faces: [CHAT, RESPONSES_FACE, MESSAGES_FACE],
  operations: atOpenAisPlace('chat.completions', 'completions', 'embeddings', 'responses'),
  failures: OPENROUTER_FAILURES,
  limits: OPENROUTER_LIMITS,
  balanceCheck: OPENROUTER_BALANCE,
  credentialCheck: null,
});
