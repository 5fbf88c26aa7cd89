/** The official SDK against Gemini's simulated API: functions, thoughts, JSON, media, embeddings, counting. */
import { ApiError, FunctionCallingConfigMode, GoogleGenAI, Type } from '@google/genai';
import type { Content, GenerateContentResponse } from '@google/genai';
import { afterEach, describe, expect, test } from 'vitest';
import type { SimulatorProfile } from '../../profile/profile-schema.ts';
import { startSimulator } from '../../start-simulator.ts';
import type { Simulator } from '../../start-simulator.ts';

const KEY = 'sk-simulated-key-a';
const PROFILE: SimulatorProfile = {
  organizations: [{ id: 'org-1', projects: [{ id: 'p', keys: [{ alias: 'a', value: KEY }] }] }],
  models: [
    { id: 'gemini', limits: { requestsPerMinute: 100 } },
    { id: 'embed', kind: 'embeddings', dimensions: 8 },
  ],
};
const PNG =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

const open: Simulator[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((simulator) => simulator.close()));
});

async function start(): Promise<{ simulator: Simulator; client: GoogleGenAI }> {
  const simulator = await startSimulator({ profile: PROFILE });
  open.push(simulator);
  const client = new GoogleGenAI({ apiKey: KEY, httpOptions: { baseUrl: simulator.origin } });
  return { simulator, client };
}

const WEATHER = {
  name: 'get_weather',
  parameters: {
    type: Type.OBJECT,
    properties: { city: { type: Type.STRING } },
    required: ['city'],
  },
};
const TOOLS = [{ functionDeclarations: [WEATHER, { name: 'get_time' }] }];
const THINKING = { thinkingConfig: { includeThoughts: true } };

const user = (text: string): Content => ({ role: 'user', parts: [{ text }] });
const partsOf = (response: GenerateContentResponse): NonNullable<Content['parts']> =>
  response.candidates?.[0]?.content?.parts ?? [];

describe('functions', () => {
  test('that the last words name are called, at the same time, whole and streamed alike', async () => {
    const { client } = await start();
    const asked = { model: 'gemini', contents: 'get_weather, get_time', config: { tools: TOOLS } };
    const whole = await client.models.generateContent(asked);
    expect(whole.functionCalls).toMatchObject([
      { name: 'get_weather', args: { city: 'simulated' }, id: expect.stringMatching(/./) },
      { name: 'get_time', args: {} },
    ]);
    const names: unknown[] = [];
    for await (const chunk of await client.models.generateContentStream(asked)) {
      names.push(...(chunk.functionCalls ?? []).map(({ name }) => name));
    }
    expect(names).toEqual(['get_weather', 'get_time']);
    const forced = await client.models.generateContent({
      model: 'gemini',
      contents: 'hello',
      config: {
        tools: TOOLS,
        toolConfig: {
          functionCallingConfig: {
            mode: FunctionCallingConfigMode.ANY,
            allowedFunctionNames: ['get_time'],
          },
        },
      },
    });
    expect(forced.functionCalls).toMatchObject([{ name: 'get_time' }]);
  });

  test('are signed while the model thinks, and the next turn holds only with that signature', async () => {
    const { client } = await start();
    const config = { tools: TOOLS, ...THINKING };
    const first = await client.models.generateContent({
      model: 'gemini',
      contents: [user('get_weather')],
      config,
    });
    const [thought, call] = partsOf(first);
    expect(thought).toMatchObject({ thought: true, text: expect.stringContaining('get_weather') });
    expect(first.usageMetadata?.thoughtsTokenCount).toBeGreaterThan(0);
    const next = (thoughtSignature: string | undefined): Promise<GenerateContentResponse> =>
      client.models.generateContent({
        model: 'gemini',
        contents: [
          user('get_weather'),
          {
            role: 'model',
            parts: [
              {
                functionCall: { name: 'get_weather', args: { city: 'simulated' } },
                ...(thoughtSignature === undefined ? {} : { thoughtSignature }),
              },
            ],
          },
          {
            role: 'user',
            parts: [{ functionResponse: { name: 'get_weather', response: { output: '21 C' } } }],
          },
        ],
        config,
      });
    expect((await next(call?.thoughtSignature)).text).toContain('tool result: 21 C');
    await expect(next(undefined)).rejects.toThrow(/missing a thought_signature/);
    await expect(next(`A${(call?.thoughtSignature ?? '').slice(1)}`)).rejects.toThrow(
      /Corrupted thought signature/,
    );
    const skipped = Buffer.from('skip_thought_signature_validator').toString('base64');
    expect((await next(skipped)).text).toContain('21 C');
  });

  test('must be answered, each once', async () => {
    const { client } = await start();
    const unanswered = client.models.generateContent({
      model: 'gemini',
      contents: [
        user('get_time'),
        { role: 'model', parts: [{ functionCall: { name: 'get_time', args: {} } }] },
        user('so?'),
      ],
    });
    await expect(unanswered).rejects.toThrow(/number of function response parts/);
  });
});

test('thoughts come first, and a text that followed them ends with a signature in the stream', async () => {
  const { client } = await start();
  const parts: NonNullable<Content['parts']> = [];
  let last: GenerateContentResponse | null = null;
  const asked = { model: 'gemini', contents: 'How are you?', config: THINKING };
  for await (const chunk of await client.models.generateContentStream(asked)) {
    parts.push(...partsOf(chunk));
    last = chunk;
  }
  expect(parts[0]?.thought).toBe(true);
  expect(parts.at(-1)).toMatchObject({ text: '', thoughtSignature: expect.stringMatching(/./) });
  expect(last?.candidates?.[0]?.finishReason).toBe('STOP');
  const whole = await client.models.generateContent(asked);
  expect(whole.usageMetadata).toEqual(last?.usageMetadata);
  const { totalTokenCount, promptTokenCount, candidatesTokenCount, thoughtsTokenCount } =
    whole.usageMetadata ?? {};
  expect(totalTokenCount).toBe(
    (promptTokenCount ?? 0) + (candidatesTokenCount ?? 0) + (thoughtsTokenCount ?? 0),
  );
});

test('media, system text and schemas arrive, and a refusal has a reason and no content', async () => {
  const { client } = await start();
  const seen = await client.models.generateContent({
    model: 'gemini',
    contents: [
      {
        role: 'user',
        parts: [{ inlineData: { mimeType: 'image/png', data: PNG } }, { text: 'What?' }],
      },
    ],
    config: { systemInstruction: 'Be brief.' },
  });
  expect(seen.text).toContain('What? [system; 1 image: image/png]');
  expect(seen.usageMetadata?.promptTokensDetails).toEqual([
    { modality: 'TEXT', tokenCount: 4 },
    { modality: 'IMAGE', tokenCount: 256 },
  ]);
  const structured = await client.models.generateContent({
    model: 'gemini',
    contents: 'hi',
    config: {
      responseMimeType: 'application/json',
      responseSchema: { type: Type.OBJECT, properties: { n: { type: Type.INTEGER } } },
    },
  });
  expect(structured.text).toBe('{"n":1}');
  const refused = await client.models.generateContent({
    model: 'gemini',
    contents: 'Simulate a refusal',
  });
  expect(refused.candidates).toEqual([{ finishReason: 'SAFETY', index: 0 }]);
});

test('embeddings, counts and models are those of the profile', async () => {
  const { simulator, client } = await start();
  const made = await client.models.embedContent({ model: 'embed', contents: ['one', 'two'] });
  expect(made.embeddings?.map(({ values }) => values?.length)).toEqual([8, 8]);
  const short = await client.models.embedContent({
    model: 'embed',
    contents: 'one',
    config: { outputDimensionality: 4 },
  });
  expect(short.embeddings?.[0]?.values).toHaveLength(4);
  const counted = await client.models.countTokens({ model: 'gemini', contents: '12345678' });
  expect(counted.totalTokens).toBe(2);
  expect(simulator.limits()[0]?.remaining).toBe(100);
  expect(await client.models.get({ model: 'gemini' })).toMatchObject({ name: 'models/gemini' });
  await expect(client.models.get({ model: 'gpt-0' })).rejects.toThrow(ApiError);
  const wrong = client.models.embedContent({ model: 'gemini', contents: 'x' });
  await expect(wrong).rejects.toThrow(/is not found/);
});

const generate = (
  simulator: Simulator,
  path: string,
  body: object,
  headers: Readonly<Record<string, string>> = { 'x-goog-api-key': KEY },
): Promise<Response> =>
  fetch(`${simulator.origin}${path}`, { method: 'POST', body: JSON.stringify(body), headers });

test.each([
  ['/v1/models/gemini:generateContent', { 'x-goog-api-key': KEY }, true],
  [
    '/v1/projects/p/locations/eu/publishers/google/models/gemini:generateContent',
    { authorization: `Bearer ${KEY}` },
    false,
  ],
])('%s answers too; calls have ids at Gemini and none at Vertex', async (path, headers, ids) => {
  const { simulator } = await start();
  const body = { contents: [user('get_time')], tools: TOOLS };
  const answer = await (await generate(simulator, path, body, headers)).text();
  expect(JSON.parse(answer)).toMatchObject({
    candidates: [{ content: { parts: [{ functionCall: { name: 'get_time', args: {} } }] } }],
  });
  expect(answer.includes('"id"')).toBe(ids);
  expect(simulator.calls()[0]).toMatchObject({ dialect: 'gemini', operation: 'generateContent' });
});

test('an array is streamed piece by piece, and an error in it keeps it an array', async () => {
  const { simulator } = await start();
  const path = '/v1beta/models/gemini:streamGenerateContent';
  simulator.set({ fault: 'error_event', events: 2 });
  const response = await generate(simulator, path, { contents: [user('one two three')] });
  expect(await response.json()).toMatchObject([
    { candidates: [{}] },
    { candidates: [{}] },
    { error: { code: 503 } },
  ]);
  expect(simulator.calls()[0]).toMatchObject({ stream: true, events: 3 });
});

describe('a request is refused that', () => {
  test.each<[string, object, RegExp]>([
    ['has an unknown field', { messages: [] }, /Unknown name "messages": Cannot find field/],
    [
      'has an unknown setting',
      { generationConfig: { max_tokens: 1 } },
      /"max_tokens" at 'generation_config'/,
    ],
    [
      'has an unknown part',
      { contents: [{ parts: [{ type: 'text', text: 'x' }] }] },
      /Unknown name "type"/,
    ],
    [
      'has a role of another API',
      { contents: [{ role: 'assistant', parts: [{ text: 'x' }] }] },
      /valid role: user, model/,
    ],
    ['has a part of nothing', { contents: [{ parts: [{}] }] }, /must have one initialized field/],
    [
      'has a whole JSON Schema',
      {
        tools: [
          {
            functionDeclarations: [
              { name: 'f', parameters: { type: 'object', additionalProperties: false } },
            ],
          },
        ],
      },
      /"additionalProperties" at 'tools\[0\]/,
    ],
    [
      'has a function without name',
      { tools: [{ functionDeclarations: [{ name: '1 f' }] }] },
      /Invalid function name/,
    ],
    ['is too hot', { generationConfig: { temperature: 3 } }, /range \[0.0, 2.0\]/],
  ])('%s', async (_, over, message) => {
    const { simulator } = await start();
    const path = '/v1beta/models/gemini:generateContent';
    const response = await generate(simulator, path, { contents: [user('hi')], ...over });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      error: { status: 'INVALID_ARGUMENT', message: expect.stringMatching(message) },
    });
  });
});

test('either spelling of a field is read', async () => {
  const { simulator } = await start();
  const path = '/v1beta/models/gemini:generateContent';
  const body = {
    contents: [{ parts: [{ text: 'hi' }, { inline_data: { mime_type: 'image/png', data: PNG } }] }],
    generation_config: { max_output_tokens: 1 },
    system_instruction: { parts: [{ text: 'x' }] },
  };
  const answer: unknown = await (await generate(simulator, path, body)).json();
  expect(answer).toMatchObject({ candidates: [{ finishReason: 'MAX_TOKENS' }] });
});
