import { createServer, type Server, type ServerResponse } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  startStory,
  STORY_KEY,
  type Story,
  type StorySketch,
} from '@keywell/testkit/gateway-story';
import { postJson, type Seen } from '@keywell/testkit/http-call';

/** A provider that a test answers for, and what it was asked. */
let answer: (response: ServerResponse, path: string) => void = (response) => response.end();
let asked: { readonly path: string; readonly body: string }[] = [];
let odd: Server;
let oddUrl = '';
let story: Story;

beforeAll(async () => {
  odd = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const path = request.url ?? '';
      asked.push({ path, body: Buffer.concat(chunks).toString('utf8') });
      answer(response, path);
    });
  });
  await new Promise<void>((resolve) => odd.listen(0, '127.0.0.1', resolve));
  const address = odd.address();
  oddUrl = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
});
afterEach(async () => {
  asked = [];
  await story.close();
});
afterAll(() => {
  odd.closeAllConnections();
  odd.close();
});

const start = async (sketch: StorySketch): Promise<void> => {
  story = await startStory(sketch);
};

const HELLO = [{ role: 'user', content: 'hello' }];
type Ask = (more?: object) => Promise<Seen>;
const post =
  (path: string, body: object): Ask =>
  (more = {}) =>
    postJson({ url: story.url.replace(/\/v1$/, ''), key: STORY_KEY, path }, { ...body, ...more });
const CONTENTS = { contents: [{ role: 'user', parts: [{ text: 'hello' }] }] };
const CALLERS: Readonly<Record<string, Ask>> = {
  'openai-chat': post('/v1/chat/completions', { model: 'smart', messages: HELLO }),
  'openai-responses': post('/v1/responses', { model: 'smart', input: 'hello' }),
  'anthropic-messages': post('/v1/messages', { model: 'smart', max_tokens: 50, messages: HELLO }),
  gemini: post('/v1beta/models/smart:generateContent', CONTENTS),
  'gemini, streamed': post('/v1beta/models/smart:streamGenerateContent?alt=sse', CONTENTS),
  'gemini, as an array': post('/v1beta/models/smart:streamGenerateContent', CONTENTS),
};
const askAs = (caller: string, more: object = {}): Promise<Seen> =>
  CALLERS[caller]?.(more) ?? Promise.reject(new Error(caller));

const defects = (): readonly unknown[] => story.events.filter(({ kind }) => kind === 'defect');
const json = (response: ServerResponse, body: string, status = 200): unknown =>
  response.writeHead(status, { 'content-type': 'application/json' }).end(body);
const SSE = { 'content-type': 'text/event-stream' };

describe('a provider that holds no conversations', () => {
  const vectors = () => ({
    id: 'vectors',
    kind: 'jina',
    baseUrl: `${oddUrl}/v1`,
    keys: [{ id: 'v' }],
  });

  it('is not asked to, and callers of all dialects are told why', async () => {
    await start({ providers: () => [vectors()] });
    for (const caller of Object.keys(CALLERS)) {
      const seen = await askAs(caller);
      expect([caller, seen.status]).toEqual([caller, 400]);
      expect(seen.text).toContain('its provider holds no conversations');
    }
    expect([asked, defects()]).toEqual([[], []]);
  });

  it('is passed over where another does', async () => {
    await start({
      providers: ({ url }) => [
        vectors(),
        { id: 'well', baseUrl: url, keys: [{ id: 'a', value: 'sk-simulated-a' }] },
      ],
      pool: {
        tiers: [{ targets: [{ provider: 'vectors' }] }, { targets: [{ provider: 'well' }] }],
      },
    });
    for (const caller of Object.keys(CALLERS)) {
      expect(await askAs(caller)).toMatchObject({ status: 200, clean: true });
    }
    expect([asked, defects()]).toEqual([[], []]);
  });
});

describe('names that are dropped by the thousand', () => {
  const many = (count: number): object =>
    Object.fromEntries(
      Array.from({ length: count }, (_, at) => [`an_extension_of_nobody_else_${at}`, 1]),
    );

  it('of a request are told as far as a head has room, and counted', async () => {
    await start({ kind: 'anthropic' });
    const seen = await askAs('openai-chat', many(3000));
    expect(seen.status).toBe(200);
    const dropped = String(seen.headers['keywell-dropped']);
    expect(dropped.length).toBeLessThan(1100);
    expect(dropped).toMatch(/^an_extension_of_nobody_else_0, .*, \+\d+$/);
  });

  it('of an answer do not burst the head of it', async () => {
    await start({ providers: () => [{ baseUrl: `${oddUrl}/v1`, keys: [{ id: 'o' }] }] });
    const message = { role: 'assistant', content: 'hi' };
    const body = { choices: [{ index: 0, message, finish_reason: 'stop' }], ...many(3000) };
    answer = (response) => json(response, JSON.stringify(body));
    const seen = await askAs('anthropic-messages');
    expect(seen.status).toBe(200);
    expect(String(seen.headers['keywell-dropped']).length).toBeLessThan(1100);
  });

  it('do not burst a refusal either', async () => {
    await start({ kind: 'anthropic', pool: { strictTranslation: true } });
    const seen = await askAs('openai-chat', many(3000));
    expect(seen.status).toBe(400);
    expect(seen.text.length).toBeLessThan(2000);
  });
});

describe('a second attempt at a provider of another dialect', () => {
  /** `first` speaks Chat and is late, `second` speaks Messages. */
  async function startWarm(): Promise<void> {
    await start({
      keys: [{ id: 'a' }, { id: 'b' }],
      providers: ({ url }) => [
        { id: 'first', baseUrl: url, keys: [{ id: 'a', value: 'sk-simulated-a' }] },
        {
          id: 'second',
          kind: 'anthropic',
          baseUrl: url,
          keys: [{ id: 'b', value: 'sk-simulated-b' }],
        },
      ],
      pool: {
        hedge: { tokenShare: 1, leastMs: 60 },
        tiers: [{ targets: [{ provider: 'first', weight: 1e9 }, { provider: 'second' }] }],
      },
    });
    for (let call = 0; call < 20; call += 1) await askAs('openai-chat', { stream: true });
    story.reset();
  }

  it('does not lend its dropped names to the first that answers after all', async () => {
    await startWarm();
    story.simulator.set({ fault: 'slow_first_byte', key: 'a', waitMs: 300 });
    story.simulator.set({ fault: 'slow_first_byte', key: 'b', waitMs: 2000 });
    const seen = await askAs('openai-chat', { stream: true, logit_bias: { 1: 1 } });
    expect(seen).toMatchObject({ status: 200, clean: true });
    expect(story.called()).toEqual({ a: 1, b: 1 });
    expect(seen.headers['keywell-provider']).toBe('first');
    expect(seen.headers['keywell-dropped']).toBeUndefined();
  });

  it('is not made where it cannot be told the call', async () => {
    await startWarm();
    story.simulator.set({ fault: 'slow_first_byte', key: 'a', waitMs: 200 });
    // The provider's own dialect is not read: what is wrong in it is for the provider to say.
    const seen = await askAs('openai-chat', { stream: true, metadata: { a: 1 } });
    expect(seen.status).toBe(200);
    expect(story.called()).toEqual({ a: 1 });
    expect(defects()).toEqual([]);
  });
});

describe('a stream that broke off at a provider of another dialect', () => {
  it('is not gone on with in words that it does not speak', async () => {
    await start({
      providers: () => [
        {
          kind: 'anthropic',
          baseUrl: `${oddUrl}/v1`,
          keys: [{ id: 'a' }, { id: 'b' }],
          prefill: 'prefix',
        },
      ],
      pool: { continuation: true },
    });
    const event = (of: { readonly type: string }): string =>
      `event: ${of.type}\ndata: ${JSON.stringify(of)}\n\n`;
    const message = { id: 'm', type: 'message', role: 'assistant', content: [], model: 'x' };
    answer = (response) => {
      response.writeHead(200, SSE);
      response.write(
        [
          { type: 'message_start', message: { ...message, usage: { input_tokens: 1 } } },
          { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
          { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Well' } },
        ]
          .map(event)
          .join(''),
        () => response.destroy(),
      );
    };
    const seen = await askAs('openai-chat', { stream: true });
    expect(seen.text).toContain('Well');
    expect(seen.text).toContain('upstream_error');
    expect(seen.clean).toBe(false);
    expect(asked).toHaveLength(1);
  });
});
