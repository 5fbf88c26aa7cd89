import type { HostRow } from './host-row.ts';

/**
 * What people run at home. They listen without TLS, take a key only if they are told to, and newer versions of some speak further
 * dialects, which the configuration has to say of them (`dialects`).
 */
export const MODEL_SERVERS: readonly HostRow[] = [
  {
    kind: 'llama-cpp',
    name: 'llama.cpp server',
    baseUrl: null,
    // its own port is the one that Keywell listens on
    baseUrlForm: 'http://127.0.0.1:8090/v1',
    source: 'https://github.com/ggml-org/llama.cpp/tree/master/tools/server',
    verified: true,
    operations: ['chat.completions', 'completions', 'embeddings', 'rerank'],
    needsKey: false,
  },
  {
    kind: 'lm-studio',
    name: 'LM Studio',
    baseUrl: 'http://127.0.0.1:1234/v1',
    source: 'https://lmstudio.ai/docs/developer/openai-compat',
    verified: true,
    operations: ['chat.completions', 'completions', 'embeddings'],
    needsKey: false,
  },
  {
    kind: 'xinference',
    name: 'Xinference',
    baseUrl: 'http://127.0.0.1:9997/v1',
    source: 'https://inference.readthedocs.io/en/latest/getting_started/using_xinference.html',
    verified: true,
    operations: [
      'chat.completions',
      'completions',
      'embeddings',
      'rerank',
      'images.generations',
      'images.variations',
      'audio.speech',
      'audio.transcriptions',
      'audio.translations',
    ],
    needsKey: false,
  },
];
