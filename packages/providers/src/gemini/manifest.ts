import type { AuthScheme } from '@keywell/core/snapshot/auth-scheme';
import { BEARER } from '../compatible/auth-headers.ts';
import { defineVendor } from '../compatible/define-vendor.ts';
import { CHAT_FACE, GEMINI_FACE } from '../compatible/dialect-face.ts';
import { atOpenAisPlace, type Place } from '../compatible/operations.ts';
import type { Vendor } from '../compatible/vendor.ts';
import { GEMINI_FAILURES } from './failures.ts';
import { GEMINI_LIMITS } from './limit-headers.ts';

const X_GOOG_API_KEY: AuthScheme = Object.freeze({ kind: 'header', name: 'x-goog-api-key' });

/** Its endpoint for OpenAI's clients takes the key as a bearer. https://ai.google.dev/gemini-api/docs/openai */
const asOpenAis = (path: string): Place => ({ path: `/openai${path}`, auth: BEARER });

/**
 * Gemini by AI Studio keys, in its own dialect; what is asked in OpenAI's words beside conversations goes to its compatible endpoint.
 * Both answer with the same Google error objects, often inside an array. https://ai.google.dev/api/generate-content
 */
export const gemini: Vendor = defineVendor({
  kind: 'gemini',
  baseUrl: 'https://generativelanguage.googleapis.com/v1beta',
  faces: [GEMINI_FACE],
  operations: Object.freeze({
    'chat.completions': asOpenAis('/chat/completions'),
    embeddings: asOpenAis('/embeddings'),
    'images.generations': asOpenAis('/images/generations'),
    files: asOpenAis('/files'),
    batches: asOpenAis('/batches'),
  }),
  auth: X_GOOG_API_KEY,
  variants: [
    {
      // what is not plainly Google's own API is what it was before Keywell spoke that: an endpoint for OpenAI's clients
      where: (baseUrl) => !/(?:\/v1(?:alpha|beta)|\.googleapis\.com\/v1)$/.test(baseUrl),
      shown: '`/openai`, or anything but `/v1beta` and `/v1alpha`',
      instead: {
        faces: [CHAT_FACE],
        operations: atOpenAisPlace(
          'chat.completions',
          'embeddings',
          'images.generations',
          'files',
          'batches',
        ),
        auth: BEARER,
      },
    },
  ],
  failures: GEMINI_FAILURES,
  limits: GEMINI_LIMITS,
  // the limits count input tokens only
  charge: {
    output: 'never',
    unsetAllowance: 'learned',
    cachedInput: 'counted',
    settlesTo: 'used',
    outputFactor: 1,
  },
});
