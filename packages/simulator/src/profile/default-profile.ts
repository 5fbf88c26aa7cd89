import type { SimulatorProfile } from './profile-schema.ts';

const LIMITS = { requestsPerMinute: 10_000, tokensPerMinute: 30_000_000 };

/** Two organizations with a key each, the usual models, generous limits: what answers when no profile is given. */
export function defaultProfile(): SimulatorProfile {
  return {
    organizations: [
      {
        id: 'org-simulator-1',
        projects: [{ id: 'proj_simulator_1', keys: [{ alias: 'a', value: 'sk-simulator-key-a' }] }],
      },
      {
        id: 'org-simulator-2',
        projects: [{ id: 'proj_simulator_2', keys: [{ alias: 'b', value: 'sk-simulator-key-b' }] }],
      },
    ],
    models: [
      { id: 'gpt-5', limits: LIMITS },
      { id: 'gpt-5-mini', limits: LIMITS },
      { id: 'gpt-4o', limits: LIMITS },
      { id: 'gpt-4o-mini', limits: LIMITS },
      { id: 'gpt-3.5-turbo-instruct', kind: 'completions', limits: LIMITS },
      { id: 'text-embedding-3-small', kind: 'embeddings', dimensions: 1536, limits: LIMITS },
      { id: 'text-embedding-3-large', kind: 'embeddings', dimensions: 3072, limits: LIMITS },
      { id: 'gpt-image-1', kind: 'images', limits: LIMITS },
      { id: 'gpt-4o-mini-tts', kind: 'audio', limits: LIMITS },
      { id: 'whisper-1', kind: 'audio', limits: LIMITS },
      { id: 'omni-moderation-latest', kind: 'moderations', limits: LIMITS },
      { id: 'rerank-v3.5', kind: 'rerank', limits: LIMITS },
    ],
  };
}
