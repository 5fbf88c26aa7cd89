/** What a streamed answer held and its caller's dialect has no place for: named in the log, and in a comment that every client skips. */
import { createServer, type Server } from 'node:http';
import { startStory, STORY_KEY, type Story } from '@keywell/testkit/gateway-story';
import { postJson, type Seen } from '@keywell/testkit/http-call';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AI_SDK_CLIENTS } from './clients/ai-sdk-clients.contract.ts';
import { anthropicMessages } from './clients/anthropic-client.contract.ts';
import type { Client } from './clients/client.contract.ts';
import { googleGenAi } from './clients/google-client.contract.ts';
import { LANGCHAIN_CLIENTS } from './clients/langchain-clients.contract.ts';
import { openAiChat, openAiResponses } from './clients/openai-clients.contract.ts';

const CLIENTS: readonly Client[] = [
  openAiChat,
  openAiResponses,
  anthropicMessages,
  googleGenAi,
  ...AI_SDK_CLIENTS,
  ...LANGCHAIN_CLIENTS,
];

const PREFIXES = CLIENTS.flatMap(({ modelPrefix }) => modelPrefix ?? []);

const chunk = (delta: object, rest: object = {}): object => ({
  id: 'chatcmpl-1',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'gpt-5',
  choices: [{ index: 0, delta, finish_reason: null, ...rest }],
});
const token = { token: 'Hello', logprob: -0.1, bytes: null, top_logprobs: [] };
const citation = { url: 'https://example.com/', title: 'Example', start_index: 0, end_index: 5 };

/** OpenAI's chat: with logprobs, a citation and sound, which other dialects lack. */
const CHAT = [
  chunk({ role: 'assistant', content: 'Hello' }, { logprobs: { content: [token], refusal: null } }),
  chunk({ content: ' there' }),
  chunk({ annotations: [{ type: 'url_citation', url_citation: citation }] }),
  chunk({ audio: { id: 'audio_1', data: 'AAAA', transcript: 'Hello there', expires_at: 9 } }),
  chunk({}, { finish_reason: 'stop' }),
];

/** Gemini: with what it was grounded on, which no other dialect has. */
const GEMINI = [
  { candidates: [{ index: 0, content: { role: 'model', parts: [{ text: 'Hello' }] } }] },
  {
    candidates: [
      {
        index: 0,
        content: { role: 'model', parts: [{ text: ' there' }] },
        groundingMetadata: { webSearchQueries: ['hello'] },
        finishReason: 'STOP',
      },
    ],
    usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 2, totalTokenCount: 5 },
  },
];

const eventsOf = (values: readonly object[]): string =>
  values.map((value) => `data: ${JSON.stringify(value)}\n\n`).join('');

let provider: Server;
let stories: Readonly<Record<'openai' | 'gemini', Story>>;

beforeAll(async () => {
  provider = createServer((request, response) => {
    request.resume();
    request.on('end', () => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const isGemini = request.url?.includes('streamGenerateContent') === true;
      response.end(isGemini ? eventsOf(GEMINI) : `${eventsOf(CHAT)}data: [DONE]\n\n`);
    });
  });
  const port = await new Promise<number>((resolve) => {
    provider.listen(0, '127.0.0.1', () => {
      const address = provider.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
  const storyOf = (kind: string, path: string): Promise<Story> =>
    startStory({
      pools: 40,
      otherNames: (model) => PREFIXES.map((prefix) => prefix + model),
      providers: () => [
        { id: kind, kind, baseUrl: `http://127.0.0.1:${port}${path}`, keys: [{ id: 'a' }] },
      ],
      pool: { tiers: [{ targets: [{ provider: kind }] }] },
    });
  stories = {
    openai: await storyOf('together', '/v1'),
    gemini: await storyOf('gemini', '/v1beta'),
  };
});
beforeEach(() => {
  for (const story of Object.values(stories)) story.reset();
});
afterAll(async () => {
  for (const story of Object.values(stories)) await story.close();
  provider.closeAllConnections();
  provider.close();
});

const originOf = ({ url }: Story): string => url.replace(/\/v1$/, '');

function ask(story: Story, path: string, body: object): Promise<Seen> {
  return postJson({ url: originOf(story), key: STORY_KEY, path }, body);
}

async function notedOf(story: Story, seen: Seen): Promise<readonly string[]> {
  const { timeline } = await story.recordOf(String(seen.headers['keywell-request-id']));
  return timeline.flatMap((event) =>
    event.kind === 'note' && event.what === 'dropped' ? [event.detail] : [],
  );
}

const MESSAGES = { stream: true, max_tokens: 50, messages: [{ role: 'user', content: 'hello' }] };

describe('what a streamed answer loses', () => {
  it('is named in a comment right before the end, and in the log', async () => {
    const { openai } = stories;
    const seen = await ask(openai, '/v1/messages', { ...MESSAGES, model: openai.freshModel() });
    const lost = 'response.logprobs, response.citations, response.audio';
    const events = seen.text.trim().split('\n\n');
    expect(events.slice(-3)).toEqual([
      `: keywell-dropped ${lost}`,
      expect.stringContaining('event: message_delta'),
      expect.stringContaining('event: message_stop'),
    ]);
    expect(seen.headers['keywell-dropped']).toBeUndefined();
    expect(await notedOf(openai, seen)).toEqual([lost]);
  });

  it('is added in the log to what the provider was not told', async () => {
    const { openai } = stories;
    const seen = await ask(openai, '/v1/messages', {
      ...MESSAGES,
      model: openai.freshModel(),
      top_k: 3,
    });
    expect(seen.headers['keywell-dropped']).toBe('top_k');
    expect(await notedOf(openai, seen)).toEqual([
      'top_k, response.logprobs, response.citations, response.audio',
    ]);
  });

  it.each(['?alt=sse', ''])('is only in the log for callers of Gemini (%j)', async (query) => {
    const { openai } = stories;
    const path = `/v1beta/models/${openai.freshModel()}:streamGenerateContent${query}`;
    const contents = [{ role: 'user', parts: [{ text: 'hello' }] }];
    const seen = await ask(openai, path, { contents });
    expect(seen.text).not.toContain('keywell-dropped');
    expect(await notedOf(openai, seen)).toEqual(['response.citations, response.audio']);
  });

  it('is nothing where caller and provider speak alike', async () => {
    const { openai } = stories;
    const body = { stream: true, messages: MESSAGES.messages, model: openai.freshModel() };
    const seen = await ask(openai, '/v1/chat/completions', body);
    expect(seen.text).not.toContain('keywell-dropped');
    expect(await notedOf(openai, seen)).toEqual([]);
  });
});

describe.each(['openai', 'gemini'] as const)('an answer of %s that loses something', (kind) => {
  it.each(CLIENTS)('reaches $name whole', async (client) => {
    const story = stories[kind];
    const place = {
      origin: originOf(story),
      key: STORY_KEY,
      model: `${client.modelPrefix ?? ''}${story.freshModel()}`,
    };
    const pieces = await client.stream(place, 'hello');
    expect(pieces.join('')).toBe('Hello there');
  });
});
