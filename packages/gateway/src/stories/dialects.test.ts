import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startStory, STORY_KEY, type Story } from '@keywell/testkit/gateway-story';
import { postJson } from '@keywell/testkit/http-call';

/** Providers by what they speak, all of them the simulator. */
const KINDS = ['openai', 'anthropic', 'gemini', 'bedrock'] as const;

/** The same question in each dialect that a caller may speak. */
const ASKED: Readonly<
  Record<string, { path: (stream: boolean) => string; body: Readonly<Record<string, unknown>> }>
> = {
  'openai-chat': {
    path: () => '/v1/chat/completions',
    body: { model: 'smart', messages: [{ role: 'user', content: 'hello there' }] },
  },
  'openai-responses': {
    path: () => '/v1/responses',
    body: { model: 'smart', input: 'hello there' },
  },
  'anthropic-messages': {
    path: () => '/v1/messages',
    body: {
      model: 'smart',
      max_tokens: 500,
      messages: [{ role: 'user', content: 'hello there' }],
    },
  },
  gemini: {
    path: (stream) =>
      `/v1beta/models/smart:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
    body: { contents: [{ role: 'user', parts: [{ text: 'hello there' }] }] },
  },
};

describe.each(KINDS)('a provider of kind %s', (kind) => {
  let story: Story;

  beforeAll(async () => {
    story = await startStory({ kind });
  });

  afterAll(() => story.close());

  const ask = (dialect: string, stream: boolean) => {
    const { path, body } = ASKED[dialect] ?? { path: () => '', body: {} };
    const asked = stream && dialect !== 'gemini' ? { ...body, stream: true } : body;
    const url = story.url.replace(/\/v1$/, '');
    return postJson({ url, key: STORY_KEY, path: path(stream) }, asked);
  };

  it.each(Object.keys(ASKED))('answers a caller who speaks %s', async (dialect) => {
    const seen = await ask(dialect, false);
    expect(seen).toMatchObject({ status: 200, clean: true });
    expect(seen.text).toContain('hello there');
    const dropped = String(seen.headers['keywell-dropped'] ?? '').split(', ');
    expect(dropped.filter((name) => !/^(?:response\..+)?$/.test(name))).toEqual([]);
    const record = await story.recordOf(String(seen.headers['keywell-request-id']));
    expect(record.usage).toMatchObject({ estimated: false });
    expect(record.usage?.inputTokens).toBeGreaterThan(0);
    expect(record.usage?.outputTokens).toBeGreaterThan(0);
  });

  it.each(Object.keys(ASKED))('streams to a caller who speaks %s', async (dialect) => {
    const seen = await ask(dialect, true);
    expect(seen).toMatchObject({ status: 200, clean: true });
    expect(seen.headers['content-type']).toContain('text/event-stream');
    expect(seen.text).toMatch(/^(?:event: \S+\n)?data: \{/);
    const record = await story.recordOf(String(seen.headers['keywell-request-id']));
    expect(record.usage).toMatchObject({ estimated: false });
    expect(record.usage?.outputTokens).toBeGreaterThan(0);
  });

  it.each(['anthropic-messages', 'gemini'])('counts the tokens of %s', async (dialect) => {
    const { body } = ASKED[dialect] ?? { body: {} };
    const path =
      dialect === 'gemini' ? '/v1beta/models/smart:countTokens' : '/v1/messages/count_tokens';
    const url = story.url.replace(/\/v1$/, '');
    const seen = await postJson({ url, key: STORY_KEY, path }, body);
    expect(seen.status).toBe(200);
    const told: unknown = JSON.parse(seen.text);
    expect(told).toEqual({
      [dialect === 'gemini' ? 'totalTokens' : 'input_tokens']: expect.any(Number),
    });
    const estimates = kind === 'openai' || kind === 'bedrock';
    expect(seen.headers['keywell-estimated']).toBe(estimates ? 'true' : undefined);
  });

  it('streams one growing array to a caller of Gemini who asks for no events', async () => {
    const path = '/v1beta/models/smart:streamGenerateContent';
    const url = story.url.replace(/\/v1$/, '');
    const seen = await postJson({ url, key: STORY_KEY, path }, ASKED['gemini']?.body);
    expect(seen).toMatchObject({ status: 200, clean: true });
    expect(seen.headers['content-type']).toBe('application/json');
    const chunks: unknown = JSON.parse(seen.text);
    expect(Array.isArray(chunks) && chunks.length > 1).toBe(true);
  });
});

describe('vectors for a caller of Gemini', () => {
  it.each([
    ['embedContent', { content: { parts: [{ text: 'one' }] } }, 'embedding'],
    [
      'batchEmbedContents',
      { requests: ['one', 'two'].map((text) => ({ content: { parts: [{ text }] } })) },
      'embeddings',
    ],
  ])('%s', async (method, body, member) => {
    const story = await startStory({ model: { kind: 'embeddings' } });
    const url = story.url.replace(/\/v1$/, '');
    const path = `/v1beta/models/smart:${method}`;
    const seen = await postJson({ url, key: STORY_KEY, path }, body);
    expect(seen).toMatchObject({ status: 200 });
    expect(JSON.parse(seen.text)).toMatchObject({ [member]: expect.anything() });
    const wrong = await postJson({ url, key: STORY_KEY, path }, { content: 7 });
    expect(wrong.status).toBe(400);
    expect(JSON.parse(wrong.text)).toMatchObject({ error: { status: 'INVALID_ARGUMENT' } });
    await story.close();
  });
});
