/** The official SDK against the simulated Messages API: tools, thoughts, caching, media, refusals, what it lists and counts. */
import Anthropic, { BadRequestError } from '@anthropic-ai/sdk';
import { afterEach, describe, expect, test } from 'vitest';
import type { SimulatorProfile } from '../../profile/profile-schema.ts';
import { startSimulator } from '../../start-simulator.ts';
import type { Simulator } from '../../start-simulator.ts';

const KEY = 'sk-simulated-key-a';
const PROFILE: SimulatorProfile = {
  organizations: [{ id: 'org-1', projects: [{ id: 'p', keys: [{ alias: 'a', value: KEY }] }] }],
  models: [
    { id: 'claude', limits: { inputTokensPerMinute: 100_000 } },
    { id: 'embed', kind: 'embeddings' },
  ],
};
const PNG =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

const open: Simulator[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((simulator) => simulator.close()));
});

async function start(): Promise<{ simulator: Simulator; client: Anthropic }> {
  const simulator = await startSimulator({ profile: PROFILE });
  open.push(simulator);
  const client = new Anthropic({ apiKey: KEY, baseURL: simulator.origin, maxRetries: 0 });
  return { simulator, client };
}

const WEATHER = {
  name: 'get_weather',
  input_schema: {
    type: 'object' as const,
    properties: { city: { type: 'string' } },
    required: ['city'],
  },
};
const TIME = { name: 'get_time', input_schema: { type: 'object' as const } };
const BASE = { model: 'claude', max_tokens: 4000 };
const THINKING = { type: 'enabled' as const, budget_tokens: 1024 };

const say = (content: Anthropic.MessageParam['content']): Anthropic.MessageParam[] => [
  { role: 'user', content },
];

describe('tools', () => {
  test('that the last words name are called, all of them, whole and streamed alike', async () => {
    const { client } = await start();
    const asked = { ...BASE, tools: [WEATHER, TIME], messages: say('get_weather and get_time') };
    const whole = await client.messages.create(asked);
    expect(whole).toMatchObject({
      stop_reason: 'tool_use',
      content: [
        { type: 'tool_use', name: 'get_weather', input: { city: 'simulated' } },
        { type: 'tool_use', name: 'get_time', input: {} },
      ],
    });
    const streamed = await client.messages.stream(asked).finalMessage();
    const inputs = (message: Anthropic.Message): unknown[] =>
      message.content.map((block) =>
        block.type === 'tool_use' ? [block.name, block.input] : null,
      );
    expect(inputs(streamed)).toEqual(inputs(whole));
    expect(streamed.usage.output_tokens).toBe(whole.usage.output_tokens);
    const single = await client.messages.create({
      ...asked,
      tool_choice: { type: 'auto', disable_parallel_tool_use: true },
    });
    expect(single.content).toHaveLength(1);
  });

  test('have their results echoed on the next turn, and every call must have one', async () => {
    const { client } = await start();
    const tools = [WEATHER];
    const messages = say('get_weather');
    const first = await client.messages.create({ ...BASE, tools, messages });
    const [call] = first.content;
    if (call?.type !== 'tool_use') throw new Error('expected a call');
    const turn: Anthropic.MessageParam[] = [
      ...messages,
      { role: 'assistant', content: first.content },
    ];
    const answered = await client.messages.create({
      ...BASE,
      tools,
      messages: [
        ...turn,
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: call.id, content: '21 C' }] },
      ],
    });
    expect(answered.content).toMatchObject([
      { text: expect.stringContaining('tool result: 21 C') },
    ]);
    const unanswered = client.messages.create({
      ...BASE,
      tools,
      messages: [...turn, { role: 'user', content: 'so?' }],
    });
    await expect(unanswered).rejects.toThrow(/ids were found without `tool_result` blocks/);
    const stray = client.messages.create({
      ...BASE,
      messages: say([{ type: 'tool_result', tool_use_id: 'toolu_x', content: 'x' }]),
    });
    await expect(stray).rejects.toThrow(/unexpected `tool_use_id`/);
  });
});

describe('thoughts', () => {
  test('come first with a signature, streamed as deltas, and hold on the next turn only unaltered', async () => {
    const { client } = await start();
    const asked = { ...BASE, thinking: THINKING, messages: say('How are you?') };
    const whole = await client.messages.create(asked);
    const streamed = await client.messages.stream(asked).finalMessage();
    expect(streamed.content).toEqual(whole.content);
    const [thought] = whole.content;
    if (thought?.type !== 'thinking') throw new Error('expected a thought');
    expect(thought.thinking).toContain('How are you?');
    const next = (signature: string): Promise<Anthropic.Message> =>
      client.messages.create({
        ...asked,
        messages: [
          ...asked.messages,
          {
            role: 'assistant',
            content: [
              { ...thought, signature },
              { type: 'text', text: 'Well.' },
            ],
          },
          { role: 'user', content: 'And now?' },
        ],
      });
    expect((await next(thought.signature)).stop_reason).toBe('end_turn');
    const altered = await next(`A${thought.signature.slice(1)}`).catch((error: unknown) => error);
    expect(altered).toBeInstanceOf(BadRequestError);
    expect(String(altered)).toContain('messages.1.content.0: Invalid `signature`');
  });

  test('may be left out of sight or sealed', async () => {
    const { client } = await start();
    const omitted = await client.messages.create({
      ...BASE,
      thinking: { ...THINKING, display: 'omitted' },
      messages: say('hi'),
    });
    expect(omitted.content[0]).toMatchObject({
      thinking: '',
      signature: expect.stringMatching(/./),
    });
    const trigger = 'ANTHROPIC_MAGIC_STRING_TRIGGER_REDACTED_THINKING_46C9';
    const sealed = await client.messages
      .stream({ ...BASE, thinking: THINKING, messages: say(trigger) })
      .finalMessage();
    expect(sealed.content[0]).toMatchObject({ type: 'redacted_thinking' });
    const again = await client.messages.create({
      ...BASE,
      messages: [
        ...say('hi'),
        { role: 'assistant', content: sealed.content },
        { role: 'user', content: 'go on' },
      ],
    });
    expect(again.stop_reason).toBe('end_turn');
  });

  test('must stand before the tools that were called while thinking is on', async () => {
    const { client } = await start();
    const call = { type: 'tool_use' as const, id: 'toolu_1', name: 'get_time', input: {} };
    const sent = client.messages.create({
      ...BASE,
      thinking: THINKING,
      tools: [TIME],
      messages: [
        ...say('get_time'),
        { role: 'assistant', content: [call] },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: '1' }] },
      ],
    });
    await expect(sent).rejects.toThrow(/but found `tool_use`/);
  });
});

test('a marked prompt is written to the cache once and read from it later, and reads cost no limit', async () => {
  const { simulator, client } = await start();
  const system = [
    {
      type: 'text' as const,
      text: 'x'.repeat(4000),
      cache_control: { type: 'ephemeral' as const },
    },
  ];
  const ask = (content: string): Promise<Anthropic.Message> =>
    client.messages.create({ ...BASE, system, messages: say(content) });
  const left = (): number | undefined => simulator.limits()[0]?.remaining;
  const first = await ask('one.');
  expect(first.usage).toMatchObject({
    input_tokens: 1,
    cache_creation_input_tokens: 1000,
    cache_read_input_tokens: 0,
    cache_creation: { ephemeral_5m_input_tokens: 1000, ephemeral_1h_input_tokens: 0 },
  });
  const before = left() ?? 0;
  const second = await ask('two.');
  expect(second.usage).toMatchObject({
    input_tokens: 1,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 1000,
  });
  expect(before - (left() ?? 0)).toBeLessThan(10);
  simulator.advance(300_001);
  expect((await ask('three')).usage).toMatchObject({ cache_creation_input_tokens: 1000 });
});

test('what came beside the words is named: system, tools, images and files by their first bytes', async () => {
  const { client } = await start();
  const message = await client.messages.create({
    ...BASE,
    system: 'Be brief.',
    tools: [TIME],
    messages: say([
      { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PNG } },
      {
        type: 'document',
        source: {
          type: 'base64',
          media_type: 'application/pdf',
          data: Buffer.from('%PDF-1.7').toString('base64'),
        },
      },
      { type: 'text', text: 'What is this?' },
    ]),
  });
  expect(message.content).toMatchObject([
    {
      text: expect.stringContaining(
        'What is this? [system; 1 tool; 1 image: image/png; 1 file: application/pdf]',
      ),
    },
  ]);
  const wrong = client.messages.create({
    ...BASE,
    messages: say([
      { type: 'image', source: { type: 'base64', media_type: 'image/jpeg', data: PNG } },
    ]),
  });
  await expect(wrong).rejects.toThrow(/appears to be a image\/png image/);
});

test('a schema is honoured, a stop sequence and the allowance end the text, a beginning is gone on from', async () => {
  const { client } = await start();
  const structured = await client.messages.create({
    ...BASE,
    messages: say('hi'),
    output_config: {
      format: {
        type: 'json_schema',
        schema: { type: 'object', properties: { n: { type: 'integer' } } },
      },
    },
  });
  expect(structured.content).toMatchObject([{ text: '{"n":1}' }]);
  const stopped = await client.messages.create({
    ...BASE,
    stop_sequences: [' of'],
    messages: say('hi'),
  });
  expect(stopped).toMatchObject({
    stop_reason: 'stop_sequence',
    stop_sequence: ' of',
    content: [{ text: 'Simulated answer' }],
  });
  const begun = await client.messages.create({
    ...BASE,
    messages: [...say('hi'), { role: 'assistant', content: 'Simulated' }],
  });
  expect(begun.content).toMatchObject([{ text: ' answer of claude to: hi' }]);
  const refused = await client.messages.create({ ...BASE, messages: say('Simulate a refusal') });
  expect(refused).toMatchObject({ stop_reason: 'refusal', content: [] });
});

describe('a request is refused that', () => {
  test.each<[string, object, RegExp]>([
    ['has a field nobody knows', { frequency_penalty: 1 }, /frequency_penalty: Extra inputs/],
    ['is too hot', { temperature: 1.5 }, /temperature: range: 0..1/],
    ['has a tool without a schema', { tools: [{ name: 'x' }] }, /input_schema: Field required/],
    ['has a tool twice', { tools: [TIME, TIME] }, /must be unique/],
    [
      'forces a tool it does not offer',
      { tools: [TIME], tool_choice: { type: 'tool', name: 'x' } },
      /'x' not found/,
    ],
    [
      'forces a tool and thinks',
      { tools: [TIME], tool_choice: { type: 'any' }, thinking: THINKING },
      /forces tool use/,
    ],
    [
      'thinks too little',
      { thinking: { type: 'enabled', budget_tokens: 10 } },
      /greater than or equal to 1024/,
    ],
    [
      'thinks more than it may say',
      { max_tokens: 1024, thinking: THINKING },
      /must be greater than/,
    ],
    [
      'begins with the assistant',
      { messages: [{ role: 'assistant', content: 'x' }] },
      /first message must use/,
    ],
    ['has an empty text', { messages: say([{ type: 'text', text: '' }]) }, /must be non-empty/],
    [
      'has a tool input that is no object',
      {
        messages: [
          ...say('x'),
          { role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'b', input: '{}' }] },
        ],
      },
      /valid dictionary/,
    ],
    [
      'has a thought without signature',
      {
        messages: [
          ...say('x'),
          { role: 'assistant', content: [{ type: 'thinking', thinking: 'y' }] },
        ],
      },
      /signature: Field required/,
    ],
    ['asks a model that does not chat', { model: 'embed' }, /model: embed/],
  ])('%s', async (_, over, message) => {
    const { simulator } = await start();
    const response = await fetch(`${simulator.origin}/v1/messages`, {
      method: 'POST',
      headers: { 'x-api-key': KEY, 'anthropic-version': '2023-06-01' },
      body: JSON.stringify({ ...BASE, messages: say('hi'), ...over }),
    });
    const body: unknown = await response.json();
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(body).toMatchObject({
      type: 'error',
      error: { message: expect.stringMatching(message) },
    });
    expect(simulator.calls()[0]).toMatchObject({ operation: 'messages', dialect: 'anthropic' });
  });
});

test('tokens are counted and models listed, at no cost, by the version header', async () => {
  const { simulator, client } = await start();
  const counted = await client.messages.countTokens({ model: 'claude', messages: say('12345678') });
  expect(counted.input_tokens).toBe(2);
  expect(simulator.limits()[0]?.remaining).toBe(100_000);
  const listed = await client.models.list();
  expect(listed.data).toMatchObject([{ type: 'model', id: 'claude' }]);
  expect(await client.models.retrieve('claude')).toMatchObject({ id: 'claude' });
  await expect(client.models.retrieve('gpt-0')).rejects.toThrow(/not_found_error/);
  expect(simulator.counts().keys['a']?.byOperation).toEqual({ count_tokens: 1, models: 3 });
});
