import type { AuthScheme } from '@keywell/core/snapshot/auth-scheme';

/** What can be asked of a provider beside conversations in its own dialects; all but `rerank` as OpenAI words them. */
export const OPERATIONS = [
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
  'rerank',
  'files',
  'batches',
  'realtime',
] as const;
export type Operation = (typeof OPERATIONS)[number];

/**
 * Where an operation is. As a text: its path, appended to the provider's base URL. `{model}` stands for the model's name, percent-encoded.
 */
export type Place =
  | string
  | {
      readonly path: string;
      /** Appended to what stands before the vendor's API prefix in the base URL; where that cannot be told, the operation is not there. */
      readonly from?: 'root';
      /** Where it wants the key otherwise than the rest. */
      readonly auth?: AuthScheme;
    };

export type Operations = Readonly<Partial<Record<Operation, Place>>>;

/** Where OpenAI has them, and everybody rerank. */
export const OPENAI_OPERATIONS: Readonly<Record<Operation, string>> = Object.freeze({
  'chat.completions': '/chat/completions',
  completions: '/completions',
  embeddings: '/embeddings',
  responses: '/responses',
  'images.generations': '/images/generations',
  'images.edits': '/images/edits',
  'images.variations': '/images/variations',
  'audio.speech': '/audio/speech',
  'audio.transcriptions': '/audio/transcriptions',
  'audio.translations': '/audio/translations',
  moderations: '/moderations',
  rerank: '/rerank',
  files: '/files',
  batches: '/batches',
  realtime: '/realtime',
});

/** Those of them that a vendor has where OpenAI has them. */
export function atOpenAisPlace(...names: readonly Operation[]): Operations {
  return Object.freeze(Object.fromEntries(names.map((name) => [name, OPENAI_OPERATIONS[name]])));
}
