/** Bedrock's Converse over a real socket: who may call, the binary stream, tools, thoughts, caching, what is refused. */
import { request as httpRequest } from 'node:http';
import { crc32 } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../clock.ts';
import type { Clock } from '../../clock.ts';
import type { SimulatorProfile } from '../../profile/profile-schema.ts';
import { startSimulator } from '../../start-simulator.ts';
import type { Simulator } from '../../start-simulator.ts';

const KEY = 'bedrock-api-key-a';
const PROFILE: SimulatorProfile = {
  organizations: [
    {
      id: 'org-1',
      projects: [
        {
          id: 'p',
          keys: [
            { alias: 'a', value: KEY },
            { alias: 'signed', value: 'AKIASIMULATED:secret/+key' },
          ],
        },
      ],
    },
  ],
  models: [
    { id: 'anthropic.claude:0' },
    { id: 'tight', limits: { requestsPerMinute: 1 } },
    { id: 'embed', kind: 'embeddings' },
  ],
};

const open: Simulator[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((simulator) => simulator.close()));
});

async function start(clock?: Clock): Promise<Simulator> {
  const simulator = await startSimulator({ profile: PROFILE, clock });
  open.push(simulator);
  return simulator;
}

const CLAUDE = 'anthropic.claude%3A0';
const converse = (
  simulator: Simulator,
  over: object = {},
  path = `${CLAUDE}/converse`,
): Promise<Response> =>
  fetch(`${simulator.origin}/model/${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}` },
    body: JSON.stringify({ messages: [say('hi')], ...over }),
  });

const say = (text: string): object => ({ role: 'user', content: [{ text }] });

/** Reads event-stream messages by their lengths, checking both sums. */
function framesIn(bytes: Buffer): { headers: Record<string, string>; payload: unknown }[] {
  const frames: ReturnType<typeof framesIn> = [];
  for (let at = 0; at < bytes.byteLength;) {
    const length = bytes.readUInt32BE(at);
    const told = bytes.readUInt32BE(at + 4);
    const message = bytes.subarray(at, at + length);
    expect(message.readUInt32BE(8)).toBe(crc32(message.subarray(0, 8)));
    expect(message.readUInt32BE(length - 4)).toBe(crc32(message.subarray(0, -4)));
    const headers: Record<string, string> = {};
    for (let place = 12; place < 12 + told;) {
      const name = message.toString('utf8', place + 1, place + 1 + message.readUInt8(place));
      place += 1 + name.length;
      expect(message.readUInt8(place)).toBe(7);
      const size = message.readUInt16BE(place + 1);
      headers[name] = message.toString('utf8', place + 3, place + 3 + size);
      place += 3 + size;
    }
    const payload: unknown = JSON.parse(message.toString('utf8', 12 + told, length - 4));
    frames.push({ headers, payload });
    at += length;
  }
  return frames;
}

async function streamed(
  simulator: Simulator,
  over: object = {},
): Promise<ReturnType<typeof framesIn>> {
  const response = await converse(simulator, over, `${CLAUDE}/converse-stream`);
  expect(response.headers.get('content-type')).toBe('application/vnd.amazon.eventstream');
  return framesIn(Buffer.from(await response.arrayBuffer()));
}

const TOOLS = {
  tools: [
    {
      toolSpec: {
        name: 'get_weather',
        inputSchema: { json: { type: 'object', properties: { city: { type: 'string' } } } },
      },
    },
    { toolSpec: { name: 'get_time', inputSchema: { json: { type: 'object' } } } },
  ],
};
const THINKING = {
  additionalModelRequestFields: { thinking: { type: 'enabled', budget_tokens: 1024 } },
};

describe('a signature', () => {
  /** Signed by `@smithy/signature-v4` for 2026-01-02T03:04:05Z. */
  const BODY = '{"messages":[{"role":"user","content":[{"text":"hi"}]}]}';
  const SIGNED = {
    host: 'bedrock-runtime.eu-west-1.amazonaws.com',
    'content-type': 'application/json',
    'x-amz-date': '20260102T030405Z',
    'x-amz-content-sha256': 'c3335e07d6e89650bf94cb98664be69f8774dbc3198df221f113db0a59ea14f0',
    authorization:
      'AWS4-HMAC-SHA256 Credential=AKIASIMULATED/20260102/eu-west-1/bedrock/aws4_request, SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date, Signature=15e2d14d5df32477354067e4563ad06e767adf1152e42818a1fc1866a5c07006',
  };

  const SIGNED_AT = Date.UTC(2026, 0, 2, 3, 4, 5);
  const clockOf = (wall: number): Clock => ({
    now: () => systemClock.now(),
    wallNow: () => wall,
  });

  const send = (
    simulator: Simulator,
    body: string,
    headers: Readonly<Record<string, string>>,
    heard: (text: string) => void = () => undefined,
  ): Promise<[status: number, type: string]> =>
    new Promise((resolve, reject) => {
      const path = `/model/${CLAUDE}/converse`;
      const call = httpRequest(
        { port: simulator.port, host: '127.0.0.1', method: 'POST', path, headers },
        (response) => {
          response.setEncoding('utf8').on('data', heard);
          const type = response.headers['x-amzn-errortype'];
          response.on('end', () =>
            resolve([response.statusCode ?? 0, String(type ?? '').split(':')[0] ?? '']),
          );
        },
      );
      call.on('error', reject);
      call.end(body);
    });

  test('made with the secret of the key is taken, and the call is that key’s', async () => {
    const simulator = await start(clockOf(SIGNED_AT));
    expect(await send(simulator, BODY, SIGNED)).toEqual([200, '']);
    expect(simulator.counts().keys['signed']).toMatchObject({ byDialect: { bedrock: 1 } });
  });

  const forged = SIGNED.authorization.replace(/.{4}$/, '0000');
  test.each<[string, string, object, string]>([
    ['of another body', BODY.replace('hi', 'ho'), {}, 'InvalidSignatureException'],
    ['that was altered', BODY, { authorization: forged }, 'InvalidSignatureException'],
    ['of other headers', BODY, { 'x-amz-date': '20260102T030406Z' }, 'InvalidSignatureException'],
    [
      'of an unknown key',
      BODY,
      { authorization: SIGNED.authorization.replace('AKIASIMULATED', 'AKIANOBODYS') },
      'UnrecognizedClientException',
    ],
    [
      'with a session of nobody',
      BODY,
      { 'x-amz-security-token': 'x' },
      'UnrecognizedClientException',
    ],
    [
      'in no known form',
      BODY,
      { authorization: 'AWS4-HMAC-SHA256 x' },
      'IncompleteSignatureException',
    ],
  ])('%s is refused', async (_, body, over, type) => {
    const simulator = await start(clockOf(SIGNED_AT));
    expect(await send(simulator, body, { ...SIGNED, ...over })).toEqual([403, type]);
  });

  test.each([
    [
      -301_000,
      403,
      /^Signature not yet current: 20260102T030405Z is still later than 20260102T030404Z \(20260102T025904Z \+ 5 min\.\)$/,
    ],
    [-299_000, 200, /^$/],
    [299_000, 200, /^$/],
    [
      301_000,
      403,
      /^Signature expired: 20260102T030405Z is now earlier than 20260102T030406Z \(20260102T030906Z - 5 min\.\)$/,
    ],
  ])('counts within five minutes of the clock: %i ms later, %i', async (ms, status, message) => {
    const simulator = await start(clockOf(SIGNED_AT + ms));
    const told: string[] = [];
    const [answered, type] = await send(simulator, BODY, SIGNED, (text) => told.push(text));
    expect([answered, type]).toEqual([status, status === 200 ? '' : 'InvalidSignatureException']);
    const said: { message?: string } = JSON.parse(told.join(''));
    expect(said.message ?? '').toMatch(message);
  });

  test('may be missing for a bearer only', async () => {
    const simulator = await start(clockOf(SIGNED_AT));
    const { authorization: _, ...rest } = SIGNED;
    expect(await send(simulator, BODY, rest)).toEqual([403, 'MissingAuthenticationTokenException']);
    const bearer = { ...rest, authorization: 'Bearer nobodys-key' };
    expect(await send(simulator, BODY, bearer)).toEqual([403, 'AccessDeniedException']);
    expect((await converse(simulator)).status).toBe(200);
  });
});

test('a stream is binary messages that add up to what a whole answer says', async () => {
  const simulator = await start();
  const whole: unknown = await (await converse(simulator)).json();
  const frames = await streamed(simulator);
  const types = frames.map(({ headers }) => headers[':event-type']);
  expect(types.filter((type, at) => type !== types[at - 1])).toEqual([
    'messageStart',
    'contentBlockDelta',
    'contentBlockStop',
    'messageStop',
    'metadata',
  ]);
  expect(frames[0]?.headers).toEqual({
    ':event-type': 'messageStart',
    ':content-type': 'application/json',
    ':message-type': 'event',
  });
  const text = JSON.stringify(frames.map(({ payload }) => payload)).matchAll(
    /"delta":\{"text":"([^"]*)"/g,
  );
  expect(whole).toMatchObject({
    output: {
      message: { role: 'assistant', content: [{ text: [...text].map(([, one]) => one).join('') }] },
    },
    stopReason: 'end_turn',
  });
  expect(frames.at(-1)?.payload).toMatchObject({
    usage: { inputTokens: 1, outputTokens: 12, totalTokens: 13 },
  });
});

test('an exception ends a stream that has begun', async () => {
  const simulator = await start();
  simulator.set({ fault: 'error_event', events: 1, code: 'throttling_exception' });
  const frames = await streamed(simulator);
  expect(frames).toHaveLength(2);
  expect(frames[1]).toMatchObject({
    headers: { ':message-type': 'exception', ':exception-type': 'throttlingException' },
    payload: { message: expect.stringMatching(/Too many tokens/) },
  });
});

test('a flood of one event is one message of its own length', async () => {
  const simulator = await start();
  simulator.set({ fault: 'huge_line', bytes: 100_000 });
  const frames = await streamed(simulator);
  expect(JSON.stringify(frames.at(-1)?.payload).length).toBeGreaterThan(100_000);
});

test('tools are called, all that are named, and their results must all come back', async () => {
  const simulator = await start();
  const asked = { toolConfig: TOOLS, messages: [say('get_weather, get_time')] };
  const whole: unknown = await (await converse(simulator, asked)).json();
  expect(whole).toMatchObject({
    stopReason: 'tool_use',
    output: {
      message: {
        content: [
          { toolUse: { name: 'get_weather', input: { city: 'simulated' } } },
          { toolUse: { name: 'get_time', input: {} } },
        ],
      },
    },
  });
  const frames = await streamed(simulator, asked);
  expect(frames.map(({ payload }) => payload)).toContainEqual(
    expect.objectContaining({
      contentBlockIndex: 0,
      start: { toolUse: { name: 'get_weather', toolUseId: expect.stringMatching(/^tooluse_/) } },
    }),
  );
  const used = [
    { toolUse: { toolUseId: 't1', name: 'get_time', input: {} } },
    { toolUse: { toolUseId: 't2', name: 'get_time', input: {} } },
  ];
  const results = used.map(({ toolUse: { toolUseId } }) => ({
    toolResult: { toolUseId, content: [{ json: { hour: 5 } }] },
  }));
  const turn = (content: object[]): object => ({
    toolConfig: TOOLS,
    messages: [say('get_time'), { role: 'assistant', content: used }, { role: 'user', content }],
  });
  expect(await (await converse(simulator, turn(results))).text()).toContain(
    'tool result: {\\"hour\\":5}',
  );
  const half = await converse(simulator, turn(results.slice(0, 1)));
  expect(await half.text()).toContain('Expected toolResult blocks at messages.2.content');
});

test('thoughts are signed, and hold on the next turn only unaltered', async () => {
  const simulator = await start();
  const text = await (await converse(simulator, THINKING)).text();
  const signature = /"signature":"([^"]+)"/.exec(text)?.[1] ?? '';
  const thought = /"reasoningText":\{"text":"([^"]+)"/.exec(text)?.[1] ?? '';
  const next = (signed: string): Promise<Response> =>
    converse(simulator, {
      ...THINKING,
      messages: [
        say('hi'),
        {
          role: 'assistant',
          content: [
            { reasoningContent: { reasoningText: { text: thought, signature: signed } } },
            { text: 'Hello.' },
          ],
        },
        say('And now?'),
      ],
    });
  expect((await next(signature)).status).toBe(200);
  const altered = await next(`A${signature.slice(1)}`);
  expect(altered.status).toBe(400);
  expect(await altered.text()).toContain('Invalid `signature` in `thinking` block');
  const frames = await streamed(simulator, THINKING);
  expect(frames.map(({ payload }) => payload)).toContainEqual(
    expect.objectContaining({ delta: { reasoningContent: { signature } } }),
  );
});

test('a cache point is written once and read later; media, system text and schemas arrive', async () => {
  const simulator = await start();
  const system = [{ text: 'x'.repeat(400) }, { cachePoint: { type: 'default' } }];
  const first: unknown = await (await converse(simulator, { system })).json();
  expect(first).toMatchObject({ usage: { cacheWriteInputTokens: 100, cacheReadInputTokens: 0 } });
  const second: unknown = await (await converse(simulator, { system })).json();
  expect(second).toMatchObject({
    usage: { inputTokens: 1, cacheWriteInputTokens: 0, cacheReadInputTokens: 100 },
  });
  const png = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1').toString('base64');
  const content = [
    { text: 'What?' },
    { image: { format: 'png', source: { bytes: png } } },
    {
      document: {
        format: 'txt',
        name: 'n',
        source: { bytes: Buffer.from('plain').toString('base64') },
      },
    },
  ];
  const seen = await converse(simulator, {
    system: [{ text: 'Be brief.' }],
    messages: [{ role: 'user', content }],
  });
  expect(await seen.text()).toContain('What? [system; 1 image: image/png; 1 file: text/plain]');
  const schema = JSON.stringify({ type: 'object', properties: { n: { type: 'integer' } } });
  const structured = await converse(simulator, {
    outputConfig: { textFormat: { type: 'json_schema', structure: { jsonSchema: { schema } } } },
  });
  expect(await structured.text()).toContain('{\\"n\\":1}');
});

describe('a request is refused that', () => {
  test.each<[string, string, object, number, string, RegExp]>([
    ['names no model', 'gpt-0/converse', {}, 400, 'ValidationException', /identifier is invalid/],
    [
      'names one that does not chat',
      'embed/converse',
      {},
      400,
      'ValidationException',
      /identifier is invalid/,
    ],
    [
      'has no messages',
      `${CLAUDE}/converse`,
      { messages: [] },
      400,
      'ValidationException',
      /messages/,
    ],
    [
      'has a blank text',
      `${CLAUDE}/converse`,
      { messages: [say(' ')] },
      400,
      'ValidationException',
      /is blank/,
    ],
    [
      'begins with the assistant',
      `${CLAUDE}/converse`,
      { messages: [{ role: 'assistant', content: [{ text: 'x' }] }] },
      400,
      'ValidationException',
      /must start with a user/,
    ],
    [
      'has two turns of the user',
      `${CLAUDE}/converse`,
      { messages: [say('a'), say('b')] },
      400,
      'ValidationException',
      /alternate/,
    ],
    [
      'has tools without their configuration',
      `${CLAUDE}/converse`,
      {
        messages: [
          say('a'),
          { role: 'assistant', content: [{ toolUse: { toolUseId: 't', name: 'x', input: {} } }] },
        ],
      },
      400,
      'ValidationException',
      /toolConfig field must be defined/,
    ],
    [
      'is too hot',
      `${CLAUDE}/converse`,
      { inferenceConfig: { temperature: 2 } },
      400,
      'ValidationException',
      /temperature/,
    ],
    [
      'speaks another API',
      `${CLAUDE}/converse`,
      { messages: [{ role: 'user', content: 'hi' }] },
      400,
      'ValidationException',
      /is empty/,
    ],
    [
      'asks for what is not there',
      `${CLAUDE}/elsewhere`,
      {},
      404,
      'UnknownOperationException',
      /Unknown/,
    ],
  ])('%s', async (...[, path, over, status, type, message]) => {
    const response = await converse(await start(), over, path);
    expect(response.status).toBe(status);
    expect(response.headers.get('x-amzn-errortype')).toMatch(new RegExp(`^${type}:`));
    expect(await response.text()).toMatch(message);
  });
});

test('limits and faults are those of every other path, in Amazon’s words', async () => {
  const simulator = await start();
  expect((await converse(simulator, {}, 'tight/converse')).status).toBe(200);
  const refused = await converse(simulator, {}, 'tight/converse');
  expect(refused.status).toBe(429);
  expect(await refused.json()).toEqual({
    message: 'Too many requests, please wait before trying again.',
  });
  simulator.set({ fault: 'overloaded' });
  const busy = await converse(simulator);
  expect(busy.headers.get('x-amzn-errortype')).toMatch(/^ServiceUnavailableException/);
  expect(simulator.calls().at(-1)).toMatchObject({ dialect: 'bedrock', operation: 'converse' });
});
