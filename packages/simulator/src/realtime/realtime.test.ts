/** Realtime sessions over a real WebSocket: events, tools, limits, who may connect. */
import { afterEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { startSimulator } from '../start-simulator.ts';
import type { Simulator } from '../start-simulator.ts';

const KEY = 'sk-simulated-key-a';
const open: Simulator[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((simulator) => simulator.close()));
});

async function start(): Promise<Simulator> {
  const simulator = await startSimulator({
    profile: {
      organizations: [{ id: 'org-1', projects: [{ id: 'p', keys: [{ alias: 'a', value: KEY }] }] }],
      models: [{ id: 'live', limits: { requestsPerDay: 2 } }],
    },
  });
  open.push(simulator);
  return simulator;
}

interface Event {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** Connects, says something, and collects events until one of the type has come. */
async function talk(
  simulator: Simulator,
  say: readonly object[],
  until: string,
  times = 1,
): Promise<Event[]> {
  const address = `${simulator.origin.replace('http', 'ws')}/v1/realtime?model=live`;
  const socket = new WebSocket(address, { headers: { authorization: `Bearer ${KEY}` } });
  const events: Event[] = [];
  let left = times;
  await new Promise<void>((resolve, reject) => {
    socket.on('error', reject);
    socket.on('open', () => say.forEach((event) => socket.send(JSON.stringify(event))));
    socket.on('message', (data: Buffer) => {
      const event: Event = JSON.parse(data.toString('utf8'));
      events.push(event);
      if (event.type === until && --left === 0) resolve();
    });
  });
  socket.close();
  await new Promise<void>((resolve) => {
    socket.once('close', () => resolve());
  });
  return events;
}

const user = (text: string): object => ({
  type: 'conversation.item.create',
  item: { type: 'message', role: 'user', content: [{ type: 'input_text', text }] },
});
const RESPOND = { type: 'response.create' };

test('a turn is answered event by event, and tells what is left of the limits', async () => {
  const simulator = await start();
  const events = await talk(simulator, [user('hello there'), RESPOND], 'rate_limits.updated');
  const types = events.map(({ type }) => type);
  expect(types.filter((type, at) => type !== types[at - 1])).toEqual([
    'session.created',
    'conversation.item.added',
    'conversation.item.done',
    'response.created',
    'response.output_item.added',
    'response.content_part.added',
    'response.output_text.delta',
    'response.output_text.done',
    'response.content_part.done',
    'response.output_item.done',
    'response.done',
    'rate_limits.updated',
  ]);
  expect(events.at(-2)).toMatchObject({
    response: {
      status: 'completed',
      output: [{ content: [{ text: expect.stringContaining('hello there') }] }],
    },
  });
  expect(events.at(-1)).toMatchObject({
    rate_limits: [{ name: 'requests', limit: 2, remaining: 1 }],
  });
  expect(simulator.counts().keys['a']?.byOperation).toEqual({
    realtime: 1,
    'realtime.response': 1,
  });
});

test('tools are called, and a limit or a fault fails the response, not the session', async () => {
  const simulator = await start();
  const tools = [{ type: 'function', name: 'get_time', parameters: { type: 'object' } }];
  const update = { type: 'session.update', session: { tools } };
  const called = await talk(simulator, [update, user('get_time'), RESPOND], 'rate_limits.updated');
  expect(called.find(({ type }) => type === 'response.function_call_arguments.done')).toMatchObject(
    {
      name: 'get_time',
      arguments: '{}',
    },
  );
  const refused = await talk(simulator, [user('x'), RESPOND, RESPOND], 'rate_limits.updated', 2);
  expect(refused.filter(({ type }) => type === 'response.done')).toMatchObject([
    { response: { status: 'completed' } },
    { response: { status: 'failed', status_details: { error: { code: 'rate_limit_exceeded' } } } },
  ]);
  simulator.set({ fault: 'quota_exhausted' });
  const broke = await talk(simulator, [RESPOND], 'response.done');
  expect(broke.find(({ type }) => type === 'response.done')).toMatchObject({
    response: { status_details: { error: { code: 'insufficient_quota' } } },
  });
});

describe('what is wrong', () => {
  test.each(['{', '[]', '{"type":"no.such.event"}'])('in a message is told: %s', async (text) => {
    const simulator = await start();
    const socket = new WebSocket(
      `${simulator.origin.replace('http', 'ws')}/v1/realtime?model=live`,
      ['realtime', `openai-insecure-api-key.${KEY}`],
    );
    const seen = await new Promise<string>((resolve, reject) => {
      socket.on('error', reject);
      socket.on('open', () => socket.send(text));
      socket.on('message', (data: Buffer) => {
        if (data.includes('"type":"error"')) resolve(data.toString('utf8'));
      });
    });
    expect(JSON.parse(seen)).toMatchObject({ error: { type: 'invalid_request_error' } });
    expect(socket.protocol).toBe('realtime');
  });

  test.each([
    ['an unknown key', '/v1/realtime?model=live', 'sk-nobodys', 401],
    ['an unknown model', '/v1/realtime?model=gpt-0', KEY, 404],
    ['no model', '/v1/realtime', KEY, 400],
    ['another path', '/v1/elsewhere?model=live', KEY, 404],
  ])('%s is refused before there is a session', async (_, path, key, status) => {
    const simulator = await start();
    const socket = new WebSocket(simulator.origin.replace('http', 'ws') + path, {
      headers: { authorization: `Bearer ${key}` },
    });
    const seen = await new Promise<number | undefined>((resolve) => {
      socket.on('unexpected-response', (_request, response) => resolve(response.statusCode));
      socket.on('error', () => resolve(undefined));
    });
    expect(seen).toBe(status);
  });
});
