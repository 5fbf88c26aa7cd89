import type { AuthScheme } from '@keywell/core/snapshot/auth-scheme';
import { X_API_KEY } from '../compatible/auth-headers.ts';
import { defineVendor } from '../compatible/define-vendor.ts';
import {
  CHAT_FACE,
  type FaceOf,
  MESSAGES_FACE,
  modelSegment,
  RESPONSES_FACE,
} from '../compatible/dialect-face.ts';
import { atOpenAisPlace } from '../compatible/operations.ts';
import type { Variant, Vendor } from '../compatible/vendor.ts';
import { AZURE_OPENAI_FAILURES } from './failures.ts';
import { AZURE_OPENAI_LIMITS } from './limit-headers.ts';

const API_KEY: AuthScheme = Object.freeze({ kind: 'header', name: 'api-key' });

const CHAT: FaceOf<'openai-chat'> = { ...CHAT_FACE, maxTokensField: 'max_completion_tokens' };

/** Where the older API has an operation of a deployment. */
const DEPLOYED = '/deployments/{model}';

/** Models from before `max_completion_tokens` are among them: the name of the output limit is left to the caller. */
const DEPLOYED_CHAT: FaceOf<'openai-chat'> = {
  ...CHAT_FACE,
  path: ({ model }) => `/deployments/${modelSegment(model)}/chat/completions`,
};

const CLASSIC: Variant = {
  where: (baseUrl) => baseUrl.endsWith('/openai'),
  shown: '`/openai`',
  instead: {
    faces: [DEPLOYED_CHAT],
    operations: Object.freeze({
      'chat.completions': `${DEPLOYED}/chat/completions`,
      completions: `${DEPLOYED}/completions`,
      embeddings: `${DEPLOYED}/embeddings`,
      'images.generations': `${DEPLOYED}/images/generations`,
      'images.edits': `${DEPLOYED}/images/edits`,
      'audio.speech': `${DEPLOYED}/audio/speech`,
      'audio.transcriptions': `${DEPLOYED}/audio/transcriptions`,
      'audio.translations': `${DEPLOYED}/audio/translations`,
      files: '/files',
      batches: '/batches',
    }),
    apiVersion: '2024-10-21',
  },
};

/** Claude in Foundry: `https://RESOURCE.services.ai.azure.com/anthropic/v1`. */
const CLAUDE: Variant = {
  where: (baseUrl) => baseUrl.endsWith('/anthropic/v1'),
  shown: '`/anthropic/v1`',
  instead: { faces: [MESSAGES_FACE], operations: Object.freeze({}), auth: X_API_KEY },
};

/**
 * Azure OpenAI by its v1 API, `https://RESOURCE.openai.azure.com/openai/v1`, in which `model` names the deployment. A base URL that ends in
 * `/openai` is the older API, with the deployment in the path and a dated `api-version`; 2024-10-21 is its last that was declared stable.
 * The two keys of a resource are one bucket: give them the same domain.
 * https://learn.microsoft.com/azure/ai-foundry/openai/latest, …/openai/reference, …/openai/api-version-lifecycle
 */
export const azureOpenai: Vendor = defineVendor({
  kind: 'azure-openai',
  baseUrl: null,
  credentials: ['plain', 'entra_client'],
  baseUrlForm: 'https://RESOURCE.openai.azure.com/openai/v1',
  faces: [CHAT, RESPONSES_FACE],
  operations: atOpenAisPlace(
    'chat.completions',
    'completions',
    'embeddings',
    'responses',
    'images.generations',
    'images.edits',
    'audio.speech',
    'audio.transcriptions',
    'audio.translations',
    'files',
    'batches',
    'realtime',
  ),
  auth: API_KEY,
  variants: [CLAUDE, CLASSIC],
  failures: AZURE_OPENAI_FAILURES,
  limits: AZURE_OPENAI_LIMITS,
  // as OpenAI: the larger of max_tokens and its estimate when the request arrives; refunds are not documented
  charge: {
    output: 'upfront',
    unsetAllowance: 'learned',
    cachedInput: 'counted',
    settlesTo: 'upfront',
    outputFactor: 1,
  },
});
