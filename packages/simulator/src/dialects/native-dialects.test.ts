/** Anthropic's and Gemini's own paths over a real socket. */
import { afterEach, describe, expect, test } from 'vitest';
import type { SimulatorProfile } from '../profile/profile-schema.ts';
import { startSimulator } from '../start-simulator.ts';
import type { Simulator } from '../start-simulator.ts';

const KEY = 'sk-simulated-key-a';

const PROFILE: SimulatorProfile = {
  organizations: [
    {
      id: 'org-1',
      projects: [
        { id: 'proj_1', keys: [{ alias: 'a', value: KEY }], models: ['wordy', 'tight', 'short'] },
      ],
    },
  ],
  models: [
    { id: 'wordy', answerText: 'one two three' },
    { id: 'tight', limits: { requestsPerMinute: 1 } },
    { id: 'short', contextTokens: 3 },
    { id: 'foreign' },
  ],
};

const open: Simulator[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((simulator) => simulator.close()));
});

async function start(): Promise<Simulator> {
  const simulator = await startSimulator({ profile: PROFILE });
  open.push(simulator);
  return simulator;
}

interface Seen {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

async function post(
  url: string,
  body: unknown,
  headers: Readonly<Record<string, string>>,
): Promise<Seen> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const response = await fetch(url, { method: 'POST', body: text, headers });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

const messages = (simulator: Simulator, over: object | string = {}, headers = {}): Promise<Seen> =>
  post(
    `${simulator.origin}/v1/messages`,
    typeof over === 'string'
      ? over
      : {
          model: 'wordy',
          max_tokens: 100,
          messages: [{ role: 'user', content: 'twelve bytes' }],
          ...over,
        },
    { 'x-api-key': KEY, 'anthropic-version': '2023-06-01', ...headers },
  );

const generate = (
  simulator: Simulator,
  method = 'wordy:generateContent',
  over: object = {},
  headers: Readonly<Record<string, string>> = { 'x-goog-api-key': KEY },
): Promise<Seen> =>
  post(
    `${simulator.origin}/v1beta/models/${method}`,
    { contents: [{ role: 'user', parts: [{ text: 'twelve bytes' }] }], ...over },
    headers,
  );

const bodyOf = (seen: Seen): unknown => JSON.parse(seen.text);

describe("Anthropic's messages", () => {
  test('answer with the text, why it stopped, and what it used', async () => {
    const simulator = await start();
    const seen = await messages(simulator);
    expect(seen.status).toBe(200);
    expect(seen.headers.get('anthropic-organization-id')).toBe('org-1');
    expect(bodyOf(seen)).toEqual({
      id: expect.stringMatching(/^msg_[0-9a-f]{24}$/),
      type: 'message',
      role: 'assistant',
      model: 'wordy',
      content: [{ type: 'text', text: 'one two three' }],
      stop_reason: 'end_turn',
      stop_sequence: null,
      usage: {
        input_tokens: 3,
        cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
        cache_creation_input_tokens: 0,
        cache_read_input_tokens: 0,
        output_tokens: 4,
        service_tier: 'standard',
      },
    });
    const cut = await messages(simulator, { max_tokens: 1 });
    expect(bodyOf(cut)).toMatchObject({ stop_reason: 'max_tokens', content: [{ text: 'one ' }] });
  });

  test('stream the same text as named events', async () => {
    const simulator = await start();
    const { text, headers } = await messages(simulator, { stream: true });
    expect(headers.get('content-type')).toContain('text/event-stream');
    const events = text
      .trimEnd()
      .split('\n\n')
      .map((block) => {
        const [, name, data = ''] = /^event: (\w+)\ndata: (.*)$/.exec(block) ?? [];
        const json: unknown = JSON.parse(data);
        expect(json).toMatchObject({ type: name });
        return { name, json };
      });
    expect(events.map(({ name }) => name)).toEqual([
      'message_start',
      'content_block_start',
      'ping',
      'content_block_delta',
      'content_block_delta',
      'content_block_delta',
      'content_block_stop',
      'message_delta',
      'message_stop',
    ]);
    expect(events[3]?.json).toMatchObject({ delta: { type: 'text_delta', text: 'one' } });
    expect(events.at(-2)?.json).toMatchObject({
      delta: { stop_reason: 'end_turn' },
      usage: { output_tokens: 4 },
    });
  });

  test.each<[string, object | string, object, number, string, RegExp]>([
    ['no JSON', '{', {}, 400, 'invalid_request_error', /not valid JSON/],
    ['no model', { model: undefined }, {}, 400, 'invalid_request_error', /model: Field required/],
    [
      'no max_tokens',
      { max_tokens: undefined },
      {},
      400,
      'invalid_request_error',
      /max_tokens: Field/,
    ],
    ['no whole max_tokens', { max_tokens: 1.5 }, {}, 400, 'invalid_request_error', /valid integer/],
    [
      'max_tokens of 0',
      { max_tokens: 0 },
      {},
      400,
      'invalid_request_error',
      /greater than or equal/,
    ],
    ['no messages', { messages: [] }, {}, 400, 'invalid_request_error', /at least one message/],
    [
      'a system role',
      { messages: [{ role: 'system', content: 'x' }] },
      {},
      400,
      'invalid_request_error',
      /messages.0.role/,
    ],
    [
      'no content',
      { messages: [{ role: 'user' }] },
      {},
      400,
      'invalid_request_error',
      /messages.0.content/,
    ],
    [
      'too long a prompt',
      { model: 'short', messages: [{ role: 'user', content: 'x'.repeat(40) }] },
      {},
      400,
      'invalid_request_error',
      /10 tokens > 3 maximum/,
    ],
    ['an unknown model', { model: 'gpt-0' }, {}, 404, 'not_found_error', /model: gpt-0/],
    [
      "a model that is not the project's",
      { model: 'foreign' },
      {},
      403,
      'permission_error',
      /permission/,
    ],
    [
      'an unknown key',
      {},
      { 'x-api-key': 'sk-nobodys' },
      401,
      'authentication_error',
      /invalid x-api-key/,
    ],
    ['no key', {}, { 'x-api-key': '' }, 401, 'authentication_error', /header is required/],
  ])('%s is refused', async (...[, over, headers, status, type, message]) => {
    const seen = await messages(await start(), over, headers);
    expect(seen.status).toBe(status);
    expect(bodyOf(seen)).toMatchObject({
      type: 'error',
      error: { type, message: expect.stringMatching(message) },
      request_id: seen.headers.get('request-id'),
    });
  });

  test('a version must be named, and a bearer token is a key too', async () => {
    const simulator = await start();
    const url = `${simulator.origin}/v1/messages`;
    const seen = await post(url, {}, { 'x-api-key': KEY });
    expect(bodyOf(seen)).toMatchObject({
      error: { message: expect.stringMatching(/anthropic-version/) },
    });
    const bearer = await messages(
      simulator,
      {},
      { 'x-api-key': '', authorization: `Bearer ${KEY}` },
    );
    expect(bearer.status).toBe(200);
    expect((await fetch(url)).status).toBe(405);
    expect((await post(`${url}/elsewhere`, {}, {})).status).toBe(404);
  });

  test('limits and faults are those of every other path, in Anthropic’s words', async () => {
    const simulator = await start();
    expect((await messages(simulator, { model: 'tight' })).status).toBe(200);
    const refused = await messages(simulator, { model: 'tight' });
    expect(refused.status).toBe(429);
    expect(refused.headers.get('anthropic-ratelimit-requests-remaining')).toBe('0');
    simulator.set({ fault: 'error_event', events: 3 });
    const broken = await messages(simulator, { stream: true });
    expect(broken.text).toMatch(
      /event: error\ndata: \{"type":"error","error":\{"type":"overloaded_error"/,
    );
    simulator.clear();
    simulator.set({ fault: 'dead_key' });
    expect((await messages(simulator)).status).toBe(401);
    expect(simulator.counts().keys['a']?.byRefusal).toEqual({
      'limit:requests_minute': 1,
      dead_key: 1,
    });
  });
});

describe("Gemini's generateContent", () => {
  test('answers with the text, why it stopped, and what it used', async () => {
    const simulator = await start();
    const seen = await generate(simulator);
    expect(seen.status).toBe(200);
    expect(bodyOf(seen)).toEqual({
      candidates: [
        {
          content: { parts: [{ text: 'one two three' }], role: 'model' },
          finishReason: 'STOP',
          index: 0,
        },
      ],
      usageMetadata: {
        promptTokenCount: 3,
        candidatesTokenCount: 4,
        totalTokenCount: 7,
        promptTokensDetails: [{ modality: 'TEXT', tokenCount: 3 }],
      },
      modelVersion: 'wordy',
      responseId: expect.stringMatching(/^[0-9a-f]{24}$/),
    });
    const cut = await generate(simulator, 'wordy:generateContent', {
      generationConfig: { maxOutputTokens: 1 },
    });
    expect(bodyOf(cut)).toMatchObject({ candidates: [{ finishReason: 'MAX_TOKENS' }] });
  });

  test('streams as events when asked for them, else as one array', async () => {
    const simulator = await start();
    const events = await generate(simulator, 'wordy:streamGenerateContent?alt=sse');
    expect(events.headers.get('content-type')).toContain('text/event-stream');
    const told = events.text
      .trimEnd()
      .split('\r\n\r\n')
      .map((block): unknown => JSON.parse(block.replace(/^data: /, '')));
    const array = await generate(simulator, 'wordy:streamGenerateContent');
    expect(array.headers.get('content-type')).toBe('application/json');
    for (const records of [told, bodyOf(array)]) {
      expect(records).toMatchObject([
        { candidates: [{ content: { parts: [{ text: 'one' }] } }] },
        { candidates: [{ content: { parts: [{ text: ' two' }] } }] },
        { candidates: [{ content: { parts: [{ text: ' three' }] }, finishReason: 'STOP' }] },
      ]);
    }
  });

  test.each<[string, string, object, Record<string, string>, number, string]>([
    ['no contents', 'wordy:generateContent', { contents: [] }, {}, 400, 'INVALID_ARGUMENT'],
    ['no parts', 'wordy:generateContent', { contents: [{}] }, {}, 400, 'INVALID_ARGUMENT'],
    ['an unknown model', 'gemini-0:generateContent', {}, {}, 404, 'NOT_FOUND'],
    ["a model that is not the project's", 'foreign:generateContent', {}, {}, 404, 'NOT_FOUND'],
    ['an unknown method', 'wordy:embed', {}, {}, 404, 'NOT_FOUND'],
    [
      'too long a prompt',
      'short:generateContent',
      { contents: [{ parts: [{ text: 'x'.repeat(40) }] }] },
      {},
      400,
      'INVALID_ARGUMENT',
    ],
    [
      'an unknown key',
      'wordy:generateContent',
      {},
      { 'x-goog-api-key': 'sk-nobodys' },
      400,
      'INVALID_ARGUMENT',
    ],
  ])('%s is refused', async (...[, method, over, headers, status, name]) => {
    const seen = await generate(await start(), method, over, { 'x-goog-api-key': KEY, ...headers });
    expect(seen.status).toBe(status);
    // an object: only the OpenAI-compatible endpoint puts it into an array
    expect(bodyOf(seen)).toMatchObject({ error: { code: status, status: name } });
  });

  test('takes the key from the query, and none is refused', async () => {
    const simulator = await start();
    const query = await generate(simulator, `wordy:generateContent?key=${KEY}`, {}, {});
    expect(query.status).toBe(200);
    const none = await generate(simulator, 'wordy:generateContent', {}, {});
    expect(bodyOf(none)).toMatchObject({ error: { code: 403, status: 'PERMISSION_DENIED' } });
    const list = await fetch(`${simulator.origin}/v1beta/models?key=${KEY}`);
    expect(await list.json()).toMatchObject({ models: [{ name: 'models/wordy' }, {}, {}, {}] });
  });

  test('limits and faults are those of every other path, in Gemini’s words', async () => {
    const simulator = await start();
    expect((await generate(simulator, 'tight:generateContent')).status).toBe(200);
    const refused = await generate(simulator, 'tight:generateContent');
    expect(bodyOf(refused)).toMatchObject({ error: { status: 'RESOURCE_EXHAUSTED' } });
    simulator.set({ fault: 'overloaded' });
    expect((await generate(simulator)).status).toBe(503);
  });
});

test("Gemini's compatible endpoint has paths of its own", async () => {
  const simulator = await start();
  const seen = await post(
    `${simulator.origin}/v1beta/openai/chat/completions`,
    { model: 'wordy', messages: [{ role: 'user', content: 'x' }] },
    { authorization: `Bearer ${KEY}` },
  );
  expect(bodyOf(seen)).toMatchObject({ object: 'chat.completion' });
});
