/** The official SDK against the simulated Responses API: events, tools, reasoning, what is kept and for whom. */
import OpenAI, { APIError, NotFoundError } from 'openai';
import { afterEach, describe, expect, test } from 'vitest';
import type { SimulatorProfile } from '../../profile/profile-schema.ts';
import { startSimulator } from '../../start-simulator.ts';
import type { Simulator } from '../../start-simulator.ts';

const PROFILE: SimulatorProfile = {
  organizations: [
    { id: 'org-1', projects: [{ id: 'p1', keys: [{ alias: 'a', value: 'sk-simulated-key-a' }] }] },
    { id: 'org-2', projects: [{ id: 'p2', keys: [{ alias: 'b', value: 'sk-simulated-key-b' }] }] },
  ],
  models: [
    { id: 'gpt-5', limits: { requestsPerMinute: 100 } },
    { id: 'wordy', answerWords: 30 },
  ],
};
const PNG =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

const open: Simulator[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((simulator) => simulator.close()));
});

async function start(): Promise<{ simulator: Simulator; client: OpenAI; other: OpenAI }> {
  const simulator = await startSimulator({ profile: PROFILE });
  open.push(simulator);
  const clientOf = (apiKey: string): OpenAI =>
    new OpenAI({ apiKey, baseURL: simulator.url, maxRetries: 0 });
  return {
    simulator,
    client: clientOf('sk-simulated-key-a'),
    other: clientOf('sk-simulated-key-b'),
  };
}

const TOOL = {
  type: 'function' as const,
  name: 'get_weather',
  strict: true,
  parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
};

const failure = async (promise: Promise<unknown>): Promise<APIError> => {
  const error: unknown = await promise.catch((thrown: unknown) => thrown);
  if (error instanceof APIError) return error;
  throw new Error('expected a refusal');
};

describe('a stream', () => {
  test('numbers its events, opens and closes each part, and ends with the response that a whole answer is', async () => {
    const { client } = await start();
    const stream = await client.responses.create({ model: 'wordy', input: 'hi', stream: true });
    const types: string[] = [];
    const numbers: number[] = [];
    let text = '';
    let last: unknown = null;
    for await (const event of stream) {
      types.push(event.type);
      numbers.push(event.sequence_number);
      if (event.type === 'response.output_text.delta') text += event.delta;
      if (event.type === 'response.completed') last = event.response;
    }
    expect(numbers).toEqual(numbers.map((_, at) => at));
    expect(types.filter((type, at) => type !== types[at - 1])).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed',
    ]);
    const whole = await client.responses.create({ model: 'wordy', input: 'hi' });
    expect(text).toBe(whole.output_text);
    expect(last).toMatchObject({
      status: 'completed',
      usage: whole.usage,
      output: [{ type: 'message', content: [{ type: 'output_text', text }] }],
    });
  });

  test('that breaks ends with an error event and the failed response', async () => {
    const { simulator } = await start();
    simulator.set({ fault: 'error_event', events: 3, code: 'insufficient_quota' });
    const response = await fetch(`${simulator.url}/responses`, {
      method: 'POST',
      headers: { authorization: 'Bearer sk-simulated-key-a' },
      body: JSON.stringify({ model: 'wordy', input: 'hi', stream: true }),
    });
    const told = (await response.text()).trimEnd().split('\n\n').slice(-2);
    expect(told[0]).toMatch(/^event: error\ndata: .*"sequence_number":3.*insufficient_quota/);
    expect(told[1]).toMatch(/^event: response.failed\ndata: .*"status":"failed"/);
  });
});

describe('tools', () => {
  test('are called, streamed and whole, and their outputs go on from the response that called them', async () => {
    const { client } = await start();
    const asked = { model: 'gpt-5', tools: [TOOL], input: 'use get_weather' };
    const first = await client.responses.create(asked);
    const [call] = first.output;
    if (call?.type !== 'function_call') throw new Error('expected a call');
    expect(JSON.parse(call.arguments)).toEqual({ city: 'simulated' });
    const streamed = await client.responses.stream(asked).finalResponse();
    expect(streamed.output).toMatchObject([{ name: 'get_weather', arguments: call.arguments }]);
    const next = await client.responses.create({
      model: 'gpt-5',
      tools: [TOOL],
      previous_response_id: first.id,
      input: [{ type: 'function_call_output', call_id: call.call_id, output: '21 C' }],
    });
    expect(next.output_text).toContain('use get_weather [1 tool; tool result: 21 C]');
    const unanswered = client.responses.create({
      model: 'gpt-5',
      previous_response_id: first.id,
      input: 'so?',
    });
    await expect(unanswered).rejects.toThrow(/No tool output found for function call/);
    const stray = client.responses.create({
      model: 'gpt-5',
      input: [{ type: 'function_call_output', call_id: 'call_x', output: '1' }],
    });
    await expect(stray).rejects.toThrow(/No tool call found for function call output/);
  });
});

describe('reasoning', () => {
  test('is sealed for its organization, and only what is unaltered is read again', async () => {
    const { client, other } = await start();
    const asked = {
      model: 'gpt-5',
      store: false,
      include: ['reasoning.encrypted_content' as const],
      reasoning: { effort: 'low' as const, summary: 'auto' as const },
      input: 'hi',
    };
    const first = await client.responses.stream(asked).finalResponse();
    const [thought, message] = first.output;
    if (thought?.type !== 'reasoning' || message?.type !== 'message') throw new Error('unexpected');
    expect(thought.summary[0]?.text).toContain('hi');
    expect(first.usage?.output_tokens_details.reasoning_tokens).toBeGreaterThan(0);
    const go = (sealed: string, by = client): Promise<unknown> =>
      by.responses.create({
        ...asked,
        input: [
          { role: 'user', content: 'hi' },
          { ...thought, encrypted_content: sealed },
          message,
          { role: 'user', content: 'go on' },
        ],
      });
    const sealed = thought.encrypted_content ?? '';
    expect(await go(sealed)).toMatchObject({ status: 'completed' });
    const altered = await failure(go(sealed.replace(/.$/, (end) => (end === 'A' ? 'B' : 'A'))));
    expect(altered).toMatchObject({ status: 400, code: 'invalid_encrypted_content' });
    expect((await failure(go(sealed, other))).code).toBe('invalid_encrypted_content');
    const unkept = client.responses.create({
      model: 'gpt-5',
      input: [{ type: 'reasoning', id: thought.id, summary: [] }, message],
    });
    expect((await failure(unkept)).status).toBe(404);
    const alone = client.responses.create({
      model: 'gpt-5',
      input: [
        { ...thought, encrypted_content: sealed },
        { role: 'user', content: 'go on' },
      ],
    });
    await expect(alone).rejects.toThrow(/without its required following item/);
  });
});

describe('what is kept', () => {
  test('is found by its own organization only, until it is deleted', async () => {
    const { client, other, simulator } = await start();
    const first = await client.responses.create({ model: 'gpt-5', input: 'My name is Ada.' });
    const next = { model: 'gpt-5', previous_response_id: first.id, input: 'Who am I?' };
    const second = await client.responses.create(next);
    expect(second.previous_response_id).toBe(first.id);
    expect(second.usage?.input_tokens).toBeGreaterThan(10);
    const foreign = await failure(other.responses.create(next));
    expect(foreign).toMatchObject({
      status: 400,
      code: 'previous_response_not_found',
      param: 'previous_response_id',
      message: expect.stringContaining(`Previous response with id '${first.id}' not found.`),
    });
    expect(await client.responses.retrieve(first.id)).toMatchObject({ output: first.output });
    const items = await client.responses.inputItems.list(first.id);
    expect(items.data).toMatchObject([{ role: 'user', content: 'My name is Ada.' }]);
    await expect(other.responses.retrieve(first.id)).rejects.toThrow(NotFoundError);
    await client.responses.delete(first.id);
    await expect(client.responses.retrieve(first.id)).rejects.toThrow(NotFoundError);
    const unkept = await client.responses.create({ model: 'gpt-5', input: 'hi', store: false });
    await expect(client.responses.retrieve(unkept.id)).rejects.toThrow(NotFoundError);
    expect(simulator.counts().keys['a']).toMatchObject({
      byDialect: { responses: 8 },
      byOperation: { responses: 3, 'responses.read': 4, 'responses.delete': 1 },
    });
  });
});

test('media, instructions and formats arrive; the allowance makes it incomplete; a refusal is a part', async () => {
  const { client } = await start();
  const seen = await client.responses.create({
    model: 'gpt-5',
    instructions: 'Be brief.',
    input: [
      {
        role: 'user',
        content: [
          { type: 'input_image', image_url: PNG, detail: 'auto' },
          { type: 'input_text', text: 'What?' },
        ],
      },
    ],
  });
  expect(seen.output_text).toContain('What? [system; 1 image: image/png]');
  const structured = await client.responses.create({
    model: 'gpt-5',
    input: 'hi',
    text: {
      format: {
        type: 'json_schema',
        name: 'n',
        schema: { type: 'object', properties: { n: { type: 'integer' } } },
      },
    },
  });
  expect(structured.output_text).toBe('{"n":1}');
  const cut = await client.responses
    .stream({ model: 'wordy', input: 'hi', max_output_tokens: 16 })
    .finalResponse();
  expect(cut).toMatchObject({
    status: 'incomplete',
    incomplete_details: { reason: 'max_output_tokens' },
  });
  const refused = await client.responses
    .stream({ model: 'gpt-5', input: 'Simulate a refusal' })
    .finalResponse();
  expect(refused.output).toMatchObject([{ content: [{ type: 'refusal' }] }]);
});

describe('a request is refused that', () => {
  test.each<[string, object, string | null, RegExp]>([
    ['has no model', { model: undefined }, 'model', /Missing required parameter: 'model'/],
    ['has no input', { input: undefined }, 'input', /must be provided/],
    ['speaks chat completions', { messages: [] }, null, /moved to 'input'/],
    [
      'has an unknown parameter',
      { frequency_penalty: 1 },
      'frequency_penalty',
      /Unknown parameter/,
    ],
    ['allows too little', { max_output_tokens: 1 }, 'max_output_tokens', />= 16/],
    [
      'nests its functions',
      { tools: [{ type: 'function', function: { name: 'x' } }] },
      'tools[0].name',
      /Missing/,
    ],
    [
      'has parts of chat completions',
      { input: [{ role: 'user', content: [{ type: 'text', text: 'x' }] }] },
      'input[0].content[0]',
      /Supported values are: 'input_text'/,
    ],
    [
      'lets the assistant be asked',
      { input: [{ role: 'assistant', content: [{ type: 'input_text', text: 'x' }] }] },
      'input[0].content[0]',
      /'output_text' and 'refusal'/,
    ],
    [
      'names no format',
      { text: { format: { type: 'json_schema', schema: {} } } },
      'text.format.name',
      /Missing/,
    ],
    [
      'wants JSON without saying so',
      { text: { format: { type: 'json_object' } } },
      'input',
      /word 'json'/,
    ],
  ])('%s', async (_, over, param, message) => {
    const { simulator } = await start();
    const response = await fetch(`${simulator.url}/responses`, {
      method: 'POST',
      headers: { authorization: 'Bearer sk-simulated-key-a' },
      body: JSON.stringify({ model: 'gpt-5', input: 'hi', ...over }),
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      error: { param, message: expect.stringMatching(message) },
    });
  });
});

test('input tokens are counted at no cost, and the limits are those of every other path', async () => {
  const { client, simulator } = await start();
  const counted = await client.responses.inputTokens.count({ model: 'gpt-5', input: '12345678' });
  expect(counted).toEqual({ object: 'response.input_tokens', input_tokens: 2 });
  expect(simulator.limits()[0]?.remaining).toBe(100);
  simulator.set({ fault: 'quota_exhausted', key: 'a' });
  const refused = await failure(client.responses.create({ model: 'gpt-5', input: 'hi' }));
  expect(refused).toMatchObject({ status: 429, code: 'insufficient_quota' });
});
