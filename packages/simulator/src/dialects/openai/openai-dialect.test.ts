/** The official SDK against the simulator: what it parses, what it throws. */
import OpenAI, { RateLimitError } from 'openai';
import { afterEach, describe, expect, test } from 'vitest';
import { startSimulator } from '../../start-simulator.ts';
import type { Simulator } from '../../start-simulator.ts';
import type { SimulatorProfile } from '../../profile/profile-schema.ts';

const KEY = 'sk-simulated-key-a';

const PROFILE: SimulatorProfile = {
  organizations: [
    {
      id: 'org-1',
      projects: [{ id: 'proj_1', keys: [{ alias: 'a', value: KEY }] }],
    },
    {
      id: 'org-2',
      balanceMicros: 250,
      projects: [
        { id: 'proj_2', keys: [{ alias: 'b', value: 'sk-simulated-key-b' }], models: ['priced'] },
      ],
    },
  ],
  models: [
    {
      id: 'gpt-5',
      limits: { requestsPerMinute: 500, tokensPerMinute: 30_000 },
      contextTokens: 20_000,
    },
    { id: 'wordy', answerWords: 60 },
    { id: 'priced', price: { callMicros: 100 } },
    { id: 'tight', limits: { requestsPerMinute: 2 } },
    { id: 'instruct', kind: 'completions' },
    { id: 'embed', kind: 'embeddings', dimensions: 256 },
  ],
};

const open: Simulator[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((simulator) => simulator.close()));
});

async function start(seed = 1): Promise<{ simulator: Simulator; client: OpenAI }> {
  const at = { now: 0 };
  const clock = { now: () => at.now, wallNow: () => 1_700_000_000_000 + at.now };
  const simulator = await startSimulator({ profile: PROFILE, seed, clock });
  open.push(simulator);
  return { simulator, client: clientOf(simulator, KEY) };
}

const clientOf = (simulator: Simulator, apiKey: string): OpenAI =>
  new OpenAI({ apiKey, baseURL: simulator.url, maxRetries: 0 });

const say = (content: string): { role: 'user'; content: string }[] => [{ role: 'user', content }];

const TOOLS = [
  {
    type: 'function' as const,
    function: {
      name: 'get_weather',
      parameters: {
        type: 'object',
        properties: { city: { type: 'string' }, days: { type: 'integer', minimum: 3 } },
        required: ['city', 'days'],
      },
    },
  },
];

describe('chat completions', () => {
  test('answer with an echo, usage by the four-byte estimate, and the headers of the account and its limits', async () => {
    const { client } = await start();
    const { data, response } = await client.chat.completions
      .create({ model: 'gpt-5', messages: say('twelve bytes'), max_completion_tokens: 100 })
      .withResponse();
    expect(data).toMatchObject({
      id: expect.stringMatching(/^chatcmpl-[0-9a-f]{29}$/),
      object: 'chat.completion',
      created: 1_700_000_000,
      model: 'gpt-5',
      choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', refusal: null } }],
      usage: { prompt_tokens: 3, completion_tokens: 11, total_tokens: 14 },
    });
    expect(data.choices[0]?.message.content).toContain('twelve bytes');
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'application/json',
      'openai-organization': 'org-1',
      'openai-project': 'proj_1',
      'openai-version': '2020-10-01',
      'openai-processing-ms': expect.stringMatching(/^\d+$/),
      'x-request-id': expect.stringMatching(/^req_[0-9a-f]{32}$/),
      'x-ratelimit-limit-requests': '500',
      'x-ratelimit-remaining-requests': '499',
      'x-ratelimit-reset-requests': '120ms',
      'x-ratelimit-limit-tokens': '30000',
      // input 3 + max_completion_tokens 100, taken before the answer
      'x-ratelimit-remaining-tokens': '29897',
      'x-ratelimit-reset-tokens': '206ms',
    });
  });

  test('stream the same text piece by piece, with usage only when asked', async () => {
    const { client } = await start();
    for (const include of [true, false]) {
      const stream = await client.chat.completions.create({
        model: 'wordy',
        messages: say('hello'),
        stream: true,
        ...(include ? { stream_options: { include_usage: true } } : {}),
      });
      let text = '';
      let events = 0;
      const usages: unknown[] = [];
      for await (const chunk of stream) {
        events++;
        text += chunk.choices[0]?.delta.content ?? '';
        if (chunk.usage) usages.push(chunk.usage);
      }
      const whole = await client.chat.completions.create({
        model: 'wordy',
        messages: say('hello'),
      });
      expect(text).toBe(whole.choices[0]?.message.content);
      expect(usages).toEqual(include ? [whole.usage] : []);
      // role, 60 words, finish, and usage
      expect(events).toBe(include ? 63 : 62);
    }
  });

  test("the SDK's own accumulator accepts a stream with tool calls and two choices", async () => {
    const { client } = await start();
    const stream = client.chat.completions.stream({
      model: 'gpt-5',
      n: 2,
      messages: say('Please call get_weather'),
      tools: TOOLS,
    });
    const final = await stream.finalChatCompletion();
    expect(final.choices).toHaveLength(2);
    for (const choice of final.choices) {
      expect(choice.finish_reason).toBe('tool_calls');
      const [call] = choice.message.tool_calls ?? [];
      expect(call).toMatchObject({ type: 'function', function: { name: 'get_weather' } });
      const made = call?.type === 'function' ? call.function.arguments : '';
      expect(JSON.parse(made)).toEqual({ city: 'simulated', days: 3 });
    }
  });

  test.each([
    ['when it must', 'required' as const, 'hello', true],
    [
      'when it is named',
      { type: 'function' as const, function: { name: 'get_weather' } },
      'hello',
      true,
    ],
    ['when the user asks for a tool', 'auto' as const, 'use a tool for that', true],
    ['not for any other words', 'auto' as const, 'hello', false],
    ['not when it may not', 'none' as const, 'call get_weather', false],
  ])('call a tool %s', async (_, choice, words, called) => {
    const { client } = await start();
    const { choices } = await client.chat.completions.create({
      model: 'gpt-5',
      messages: say(words),
      tools: TOOLS,
      tool_choice: choice,
    });
    expect(choices[0]?.finish_reason).toBe(called ? 'tool_calls' : 'stop');
  });

  test('answer in words once the tool has spoken', async () => {
    const { client } = await start();
    const { choices } = await client.chat.completions.create({
      model: 'gpt-5',
      tools: TOOLS,
      messages: [
        ...say('call get_weather'),
        {
          role: 'assistant',
          tool_calls: [
            { id: 'call_1', type: 'function', function: { name: 'get_weather', arguments: '{}' } },
          ],
        },
        { role: 'tool', tool_call_id: 'call_1', content: 'sunny' },
      ],
    });
    expect(choices[0]?.message.content).toBeTruthy();
  });

  test('in JSON mode are JSON, with a schema of its shape', async () => {
    const { client } = await start();
    const loose = await client.chat.completions.create({
      model: 'gpt-5',
      messages: say('answer in json'),
      response_format: { type: 'json_object' },
    });
    expect(JSON.parse(loose.choices[0]?.message.content ?? '')).toHaveProperty('answer');
    const schema = {
      type: 'object',
      properties: {
        kind: { enum: ['x', 'y'] },
        when: { type: 'string', format: 'date' },
        tree: { $ref: '#/$defs/node' },
        list: { type: 'array', minItems: 2, items: { type: 'boolean' } },
      },
      required: ['kind', 'when', 'tree', 'list'],
      $defs: {
        node: {
          type: 'object',
          properties: { next: { $ref: '#/$defs/node' } },
          required: ['next'],
        },
      },
    };
    const strict = await client.chat.completions.create({
      model: 'gpt-5',
      messages: say('hello'),
      response_format: { type: 'json_schema', json_schema: { name: 'n', schema } },
    });
    expect(JSON.parse(strict.choices[0]?.message.content ?? '')).toMatchObject({
      kind: 'x',
      when: '2026-01-01',
      tree: { next: {} },
      list: [true, true],
    });
  });

  test('stop at max_tokens, never inside a character', async () => {
    const { client } = await start();
    const cut = await client.chat.completions.create({
      model: 'gpt-5',
      messages: say('🙂'.repeat(20)),
      max_tokens: 8,
    });
    expect(cut.choices[0]?.finish_reason).toBe('length');
    expect(cut.usage?.completion_tokens).toBe(8);
    expect(cut.choices[0]?.message.content).not.toContain('\ufffd');
  });
});

describe('the other operations', () => {
  test('completions answer, whole and streamed', async () => {
    const { client } = await start();
    const whole = await client.completions.create({
      model: 'instruct',
      prompt: 'hello',
      max_tokens: 100,
    });
    expect(whole).toMatchObject({
      object: 'text_completion',
      choices: [{ finish_reason: 'stop' }],
    });
    const stream = await client.completions.create({
      model: 'instruct',
      prompt: 'hello',
      max_tokens: 100,
      stream: true,
    });
    let text = '';
    for await (const chunk of stream) text += chunk.choices[0]?.text ?? '';
    expect(text).toBe(whole.choices[0]?.text);
  });

  test('embeddings are unit vectors that depend on the text, alike in both encodings', async () => {
    const { client } = await start();
    // the SDK asks for base64 by itself and decodes it
    const packed = await client.embeddings.create({ model: 'embed', input: ['one', 'two', 'one'] });
    const plain = await client.embeddings.create({
      model: 'embed',
      input: ['one', 'two', 'one'],
      encoding_format: 'float',
    });
    const [one = [], two = [], again = []] = packed.data.map((item) => item.embedding);
    expect(one).toHaveLength(256);
    expect(Math.hypot(...one)).toBeCloseTo(1, 5);
    expect(one).toEqual(again);
    expect(one).not.toEqual(two);
    expect(plain.data[0]?.embedding[7]).toBeCloseTo(one[7] ?? 0, 6);
    const short = await client.embeddings.create({ model: 'embed', input: 'one', dimensions: 8 });
    expect(short.data[0]?.embedding).toHaveLength(8);
  });

  test('models are listed and found', async () => {
    const { client } = await start();
    const ids: string[] = [];
    for await (const model of client.models.list()) ids.push(model.id);
    expect(ids).toContain('gpt-5');
    expect(await client.models.retrieve('gpt-5')).toMatchObject({ id: 'gpt-5', object: 'model' });
    await expect(client.models.retrieve('gpt-0')).rejects.toMatchObject({
      status: 404,
      code: 'model_not_found',
    });
  });
});

describe('what is wrong is refused as OpenAI refuses it', () => {
  const chat = { model: 'gpt-5', messages: say('hello') };
  test.each([
    ['an unknown model', { ...chat, model: 'gpt-0' }, 404, 'model_not_found', null],
    ['no model', { messages: chat.messages }, 400, null, null],
    ['no messages', { model: 'gpt-5' }, 400, 'missing_required_parameter', 'messages'],
    ['empty messages', { ...chat, messages: [] }, 400, 'empty_array', 'messages'],
    ['messages that are a text', { ...chat, messages: 'hi' }, 400, 'invalid_type', 'messages'],
    [
      'an unknown role',
      { ...chat, messages: [{ role: 'boss', content: 'x' }] },
      400,
      'invalid_value',
      'messages[0].role',
    ],
    [
      'a message without content',
      { ...chat, messages: [{ role: 'user' }] },
      400,
      'missing_required_parameter',
      'messages[0].content',
    ],
    [
      'a temperature too high',
      { ...chat, temperature: 3 },
      400,
      'decimal_above_max_value',
      'temperature',
    ],
    ['n = 0', { ...chat, n: 0 }, 400, 'integer_below_min_value', 'n'],
    [
      'stream_options without a stream',
      { ...chat, stream_options: {} },
      400,
      null,
      'stream_options',
    ],
    ['a stream that is a word', { ...chat, stream: 'yes' }, 400, 'invalid_type', 'stream'],
    [
      'JSON mode without the word',
      { ...chat, response_format: { type: 'json_object' } },
      400,
      null,
      'messages',
    ],
    ['tool_choice without tools', { ...chat, tool_choice: 'auto' }, 400, null, 'tool_choice'],
    ['an embeddings model for chat', { ...chat, model: 'embed' }, 400, null, 'model'],
    [
      'more than the context',
      { ...chat, messages: say('x'.repeat(90_000)) },
      400,
      'context_length_exceeded',
      'messages',
    ],
  ])('%s', async (...[, body, status, code, param]) => {
    const { client } = await start();
    const call = client.post('/chat/completions', { body });
    await expect(call).rejects.toMatchObject({
      status,
      code,
      param,
      type: 'invalid_request_error',
    });
  });

  test.each([
    ['GET', '/chat/completions', '', 405],
    ['POST', '/models', '{}', 405],
    ['POST', '/nothing', '{}', 404],
    ['POST', '/chat/completions', '{"model":', 400],
    ['POST', '/chat/completions', '[]', 400],
    ['POST', '/chat/completions', '"\ud800"', 400],
    ['POST', '/chat/completions', '['.repeat(100_000), 400],
  ])('%s %s with %.20j answers %i', async (method, path, body, status) => {
    const { simulator } = await start();
    const response = await fetch(simulator.url + path, {
      method,
      headers: { authorization: `Bearer ${KEY}` },
      ...(method === 'GET' ? {} : { body }),
    });
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ error: { type: 'invalid_request_error' } });
  });

  test('no key, a key nobody has, a key for another organization', async () => {
    const { simulator } = await start();
    const none = await fetch(`${simulator.url}/models`);
    expect([none.status, await none.json()]).toMatchObject([401, { error: { code: null } }]);
    const stranger = clientOf(simulator, 'sk-this-key-is-nobodys-1234');
    const refused = stranger.chat.completions.create(chat);
    await expect(refused).rejects.toMatchObject({ status: 401, code: 'invalid_api_key' });
    await expect(refused).rejects.not.toThrow(/this-key-is-nobodys/);
    const elsewhere = new OpenAI({
      apiKey: KEY,
      baseURL: simulator.url,
      organization: 'org-2',
      maxRetries: 0,
    });
    await expect(elsewhere.chat.completions.create(chat)).rejects.toMatchObject({
      status: 401,
      code: 'mismatched_organization',
    });
    expect(simulator.counts().unknownKey).toMatchObject({ calls: 2, byStatus: { 401: 2 } });
  });

  test('a body larger than 32 MiB', async () => {
    const { simulator } = await start();
    const response = await fetch(`${simulator.url}/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${KEY}` },
      body: new Uint8Array(33 * 1024 * 1024),
    });
    expect(response.status).toBe(413);
  });
});

describe('limits and funds', () => {
  test('a limiter refuses with both retry headers and admits again at that instant', async () => {
    const { simulator, client } = await start();
    const call = { model: 'tight', messages: say('hello') };
    await client.chat.completions.create(call);
    await client.chat.completions.create(call);
    const error: unknown = await client.chat.completions
      .create(call)
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(RateLimitError);
    if (!(error instanceof RateLimitError)) return;
    expect(error).toMatchObject({ status: 429, code: 'rate_limit_exceeded', type: 'requests' });
    expect(error.message).toContain(
      'requests per min (RPM): Limit 2, Used 2, Requested 1. Please try again in 30s.',
    );
    expect(error.headers.get('retry-after')).toBe('30');
    expect(error.headers.get('retry-after-ms')).toBe('30000');
    expect(error.headers.get('x-ratelimit-remaining-requests')).toBe('0');
    simulator.advance(29_999);
    await expect(client.chat.completions.create(call)).rejects.toMatchObject({ status: 429 });
    simulator.advance(1);
    await client.chat.completions.create(call);
    expect(simulator.counts().keys['a']).toMatchObject({ byStatus: { 200: 3, 429: 2 } });
  });

  test('a call larger than its limit is refused for good', async () => {
    const { client } = await start();
    const call = client.chat.completions.create({
      model: 'gpt-5',
      messages: say('x'),
      max_tokens: 40_000,
    });
    await expect(call).rejects.toMatchObject({ status: 429, type: 'tokens' });
    await expect(call).rejects.toThrow(
      /Request too large for gpt-5 .* Limit 30000, Requested 40001/,
    );
  });

  test("an organization's money ends, and comes back with a top-up", async () => {
    const { simulator } = await start();
    const client = clientOf(simulator, 'sk-simulated-key-b');
    const call = { model: 'priced', messages: say('hello') };
    for (let paid = 0; paid < 3; paid++) await client.chat.completions.create(call);
    expect(simulator.balance('org-2')).toBe(-50);
    await expect(client.chat.completions.create(call)).rejects.toMatchObject({
      status: 429,
      code: 'insufficient_quota',
      type: 'insufficient_quota',
    });
    simulator.setBalance('org-2', 1000);
    await client.chat.completions.create(call);
    await expect(client.chat.completions.create({ ...call, model: 'gpt-5' })).rejects.toMatchObject(
      { status: 403, code: 'model_not_found' },
    );
  });
});

const answersUnder = async (seed: number): Promise<string> => {
  const { simulator, client } = await start(seed);
  simulator.set({ fault: 'server_error', probability: 0.5 });
  const answers: string[] = [];
  for (let call = 0; call < 20; call++) {
    const answer = await client.chat.completions
      .create({ model: 'gpt-5', messages: say(`call ${call}`) })
      .then(
        (completion) => completion.id,
        (error: unknown) => String(error),
      );
    answers.push(answer);
  }
  return answers.join('\n');
};

test('the same seed and the same calls give the same answers, another seed others', async () => {
  const first = await answersUnder(5);
  expect(await answersUnder(5)).toBe(first);
  expect(await answersUnder(6)).not.toBe(first);
});

test('200 calls at once are counted one by one, with their times and the peak', async () => {
  const { simulator, client } = await start();
  simulator.set({ fault: 'quota_exhausted', afterCalls: 150 });
  simulator.set({ fault: 'slow_first_byte', waitMs: 20 });
  const calls = Array.from({ length: 200 }, () =>
    client.chat.completions.create({ model: 'wordy', messages: say('hello') }).then(
      () => 200,
      () => 429,
    ),
  );
  const statuses = await Promise.all(calls);
  expect(statuses.filter((status) => status === 200)).toHaveLength(150);
  const { a } = simulator.counts().keys;
  expect(a).toMatchObject({
    calls: 200,
    inFlight: 0,
    byStatus: { 200: 150, 429: 50 },
    byFault: { quota_exhausted: 50, slow_first_byte: 150 },
    abortedByClient: 0,
  });
  expect(a?.maxInFlight).toBeGreaterThan(1);
  expect(simulator.calls().map((call) => call.sequence)).toEqual(
    Array.from({ length: 200 }, (_, at) => at + 1),
  );
  expect(
    simulator.calls().every((call) => call.endedMs !== null && call.endedMs >= call.startedMs),
  ).toBe(true);
});
