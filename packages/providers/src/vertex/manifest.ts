import { defineVendor } from '../compatible/define-vendor.ts';
import { CHAT_FACE, type FaceOf, googleSegment, googleVerb } from '../compatible/dialect-face.ts';
import { atOpenAisPlace } from '../compatible/operations.ts';
import type { Vendor } from '../compatible/vendor.ts';
import { VERTEX_FAILURES } from './failures.ts';
import { VERTEX_LIMITS } from './limit-headers.ts';

const GEMINI_MODELS: FaceOf<'gemini'> = {
  dialect: 'gemini',
  path: ({ model, stream }) => `${published('google', model)}${googleVerb(stream)}`,
  countPath: (model) => `${published('google', model)}:countTokens`,
  models: ['gemini-*', 'gemma-*'],
};

/**
 * Claude takes its model from the path and its version from the body.
 * https://platform.claude.com/docs/en/api/claude-on-vertex-ai
 */
const CLAUDE_MODELS: FaceOf<'anthropic-messages'> = {
  dialect: 'anthropic-messages',
  path: ({ model, stream }) =>
    `${published('anthropic', model)}${stream ? ':streamRawPredict' : ':rawPredict'}`,
  models: ['claude-*'],
  body: { without: ['model'], plus: { anthropic_version: 'vertex-2023-10-16' } },
};

const OPENAPI = '/endpoints/openapi/chat/completions';

/** Everything else is named by its publisher: `meta/llama-4`, and Google's own as `google/gemini-…`. */
const OTHER_MODELS: FaceOf<'openai-chat'> = { ...CHAT_FACE, path: () => OPENAPI, models: ['*/*'] };

function published(publisher: string, model: string): string {
  return `/publishers/${publisher}/models/${googleSegment(model)}`;
}

/**
 * Vertex AI, where each family of models is spoken to in the dialect of its maker. The credential is an OAuth access token. A base URL
 * that ends in the OpenAI-compatible endpoint is spoken to in that dialect alone.
 * https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference
 */
export const vertex: Vendor = defineVendor({
  kind: 'vertex',
  baseUrl: null,
  credentials: ['plain', 'google_service_account', 'oauth_refresh'],
  baseUrlForm: 'https://REGION-aiplatform.googleapis.com/v1/projects/PROJECT/locations/REGION',
  faces: [GEMINI_MODELS, CLAUDE_MODELS, OTHER_MODELS],
  operations: Object.freeze({ 'chat.completions': OPENAPI }),
  variants: [
    {
      where: (baseUrl) => !/\/locations\/[^/]+$/.test(baseUrl),
      shown: '`/endpoints/openapi`, or anything but `/locations/REGION`',
      instead: { faces: [CHAT_FACE], operations: atOpenAisPlace('chat.completions') },
    },
  ],
  failures: VERTEX_FAILURES,
  limits: VERTEX_LIMITS,
  charge: {
    output: 'never',
    unsetAllowance: 'learned',
    cachedInput: 'counted',
    settlesTo: 'used',
    outputFactor: 1,
  },
  credentialCheck: null,
});
