import { X_API_KEY } from '../auth-headers.ts';
import { CHAT_FACE, MESSAGES_FACE, RESPONSES_FACE } from '../dialect-face.ts';
import { type HostRow, OLD_LIMIT_CHAT } from './host-row.ts';

/** Those who pass calls on to others. */

export const ROUTERS: readonly HostRow[] = [
  {
    kind: 'aihubmix',
    name: 'AIHubMix',
    baseUrl: 'https://aihubmix.com/v1',
    source: 'https://docs.aihubmix.com/cn/api/unified-inference',
    verified: true,
    operations: ['chat.completions', 'completions', 'embeddings', 'responses'],
    faces: [CHAT_FACE, RESPONSES_FACE, { ...MESSAGES_FACE, auth: X_API_KEY }],
  },
  {
    kind: 'huggingface',
    name: 'Hugging Face Inference Providers',
    baseUrl: 'https://router.huggingface.co/v1',
    source: 'https://huggingface.co/docs/inference-providers/tasks/chat-completion',
    verified: true,
  },
  {
    kind: 'nano-gpt',
    name: 'NanoGPT',
    baseUrl: 'https://nano-gpt.com/api/v1',
    source: 'https://docs.nano-gpt.com',
    verified: true,
    faces: [OLD_LIMIT_CHAT],
  },
  {
    kind: 'poe',
    name: 'Poe',
    baseUrl: 'https://api.poe.com/v1',
    source: 'https://creator.poe.com/docs/external-applications/openai-compatible-api',
    verified: true,
    faces: [OLD_LIMIT_CHAT],
  },
  {
    kind: 'requesty',
    name: 'Requesty',
    baseUrl: 'https://router.requesty.ai/v1',
    source: 'https://docs.requesty.ai',
    verified: true,
    operations: ['chat.completions', 'embeddings'],
  },
  {
    kind: 'venice',
    name: 'Venice AI',
    baseUrl: 'https://api.venice.ai/api/v1',
    source: 'https://docs.venice.ai/api-reference/endpoint/chat/completions',
    verified: true,
    operations: ['chat.completions', 'embeddings', 'images.generations', 'audio.speech'],
  },
  {
    kind: 'vercel-ai-gateway',
    name: 'Vercel AI Gateway',
    baseUrl: 'https://ai-gateway.vercel.sh/v1',
    source: 'https://vercel.com/docs/ai-gateway/sdks-and-apis',
    verified: true,
    operations: ['chat.completions', 'embeddings', 'responses'],
    faces: [CHAT_FACE, RESPONSES_FACE, MESSAGES_FACE],
  },
];
