/** Realtime sessions over real WebSockets: a key that works, frames both ways, honest ends. */
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import { consumerKey, startStory, type Story } from '@keywell/testkit/gateway-story';
import { until } from '@keywell/testkit/until';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

interface Event {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** A caller's session and all it heard. */
class Session {
  readonly events: Event[] = [];
  readonly socket: WebSocket;
  status = 0;
  body = '';
  code: number | null = null;

  constructor(story: Story, query = 'model=smart', protocols: readonly string[] = []) {
    const url = `ws://127.0.0.1:${story.port}/v1/realtime?${query}`;
    const headers = protocols.length > 0 ? {} : { authorization: `Bearer ${consumerKey(0)}` };
    this.socket = new WebSocket(url, [...protocols], { headers });
    this.socket.on('error', () => undefined);
    this.socket.on('unexpected-response', (_, response) => {
      this.status = response.statusCode ?? 0;
      response.on('data', (chunk: Buffer) => {
        this.body += chunk.toString();
      });
      response.on('end', () => this.socket.terminate());
    });
    this.socket.on('message', (data: Buffer) => this.events.push(JSON.parse(data.toString())));
    this.socket.on('close', (code) => {
      this.code = code;
    });
  }

  say(...events: readonly object[]): void {
    for (const event of events) this.socket.send(JSON.stringify(event));
  }

  heard(type: string, times = 1): Promise<Event> {
    const found = (): Event | null =>
      this.events.filter((event) => event.type === type)[times - 1] ?? null;
    return until(found, `${type} in ${this.events.map((event) => event.type).join(' ')}`, 3000);
  }

  closed(): Promise<boolean> {
    return until(() => this.code !== null, 'the session to be closed', 6000);
  }
}

const user = (text: string): object => ({
  type: 'conversation.item.create',
  item: { type: 'message', role: 'user', content: [{ type: 'input_text', text }] },
});
const RESPOND = { type: 'response.create' };

describe('a realtime session', () => {
  let story: Story;
  beforeAll(async () => {
    story = await startStory({
      keys: [{ id: 'a' }, { id: 'b' }],
      model: { limits: { requestsPerMinute: 100 } },
      providers: ({ url }) => [
        {
          baseUrl: url,
          keys: [
            { id: 'wrong', value: 'sk-simulated-wrong', weight: 1e9 },
            { id: 'a', value: 'sk-simulated-a' },
          ],
        },
      ],
    });
  });
  beforeEach(() => story.reset());
  afterAll(() => story.close());

  it('opens with the next key when the first is refused, and passes events both ways', async () => {
    const session = new Session(story);
    await session.heard('session.created');
    session.say(user('hello there'), RESPOND);
    await session.heard('response.done');
    await session.heard('rate_limits.updated');
    session.say(user('and again'), RESPOND);
    await session.heard('response.done', 2);
    expect(story.key('a').inFlight).toBe(1);
    session.socket.close(1000);
    await session.closed();
    await story.quiet();
    expect(story.key('wrong').state).not.toBe('ready');
    const record = (await story.records()).at(-1);
    expect(record).toMatchObject({ operation: 'realtime', status: 200, key: 'a', attempts: 2 });
    const counted = session.events.filter(({ type }) => type === 'response.done');
    const output = counted.map(({ response }) => Reflect.get(Object(response), 'usage'));
    const used = output.reduce<number>((sum, usage) => sum + Number(usage.output_tokens), 0);
    expect(used).toBeGreaterThan(0);
    expect(record?.usage?.outputTokens).toBe(used);
  });

  it('tells what is left of the key’s limits as the provider tells it', async () => {
    const session = new Session(story);
    await session.heard('session.created');
    session.say(user('hello'), RESPOND);
    const told = await session.heard('rate_limits.updated');
    const [first] = Array.isArray(told['rate_limits']) ? told['rate_limits'] : [];
    const known = () =>
      story.node.limits().find(({ dimension }) => dimension === 'requests_minute');
    const sample = await until(() => known() ?? null, 'the limit to be known');
    expect(sample.limit).toBe(first.limit);
    session.socket.close();
    await session.closed();
  });

  it('takes the key of a browser from the subprotocol, and says none of it back', async () => {
    const protocols = ['realtime', `openai-insecure-api-key.${consumerKey(0)}`];
    const session = new Session(story, 'model=smart', protocols);
    await session.heard('session.created');
    expect(session.socket.protocol).toBe('realtime');
    session.socket.close();
    await session.closed();
  });

  it.each([
    ['model=dumb', ['realtime', `openai-insecure-api-key.${consumerKey(0)}`], 404],
    ['', [], 400],
    ['model=smart', ['realtime', 'openai-insecure-api-key.kw_wrong'], 401],
    ['model=smart', ['realtime'], 401],
  ] as const)('is refused by plain HTTP: %j %j', async (query, protocols, status) => {
    const session = new Session(story, query, protocols);
    await session.closed();
    expect(session.status).toBe(status);
    expect(JSON.parse(session.body)).toHaveProperty('error.message');
    expect(story.called()).toEqual({});
  });

  it('is no plain request', async () => {
    const answer = await fetch(`${story.url}/realtime?model=smart`, {
      headers: { authorization: `Bearer ${consumerKey(0)}` },
    });
    expect(answer.status).toBe(400);
  });
});

describe('a provider that is on its own', () => {
  const servers: WebSocketServer[] = [];
  const stories: Story[] = [];
  afterEach(async () => {
    await Promise.all(stories.splice(0).map((story) => story.close()));
    for (const server of servers.splice(0)) {
      for (const client of server.clients) client.terminate();
      server.close();
    }
  });

  /** A provider that does as it is told with each connection, and the gateway before it. */
  async function before(
    onSession: (socket: WebSocket, number: number) => void,
    pool: object = {},
  ): Promise<{ readonly story: Story; readonly count: () => number }> {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    servers.push(server);
    let count = 0;
    server.on('connection', (socket) => {
      count += 1;
      onSession(socket, count);
    });
    await new Promise((resolve) => {
      server.on('listening', resolve);
    });
    const address: AddressInfo | string | null = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const story = await startStory({
      pool,
      providers: () => [
        { baseUrl: `http://127.0.0.1:${address.port}/v1`, keys: [{ id: 'a' }, { id: 'b' }] },
      ],
    });
    stories.push(story);
    return { story, count: () => count };
  }

  const created = JSON.stringify({ type: 'session.created' });

  it('dies before its first event: another key is asked, and the caller sees nothing of it', async () => {
    const { story, count } = await before((socket, number) => {
      if (number === 1) socket.terminate();
      else socket.send(created);
    });
    const session = new Session(story);
    await session.heard('session.created');
    expect(count()).toBe(2);
    session.socket.close();
    await session.closed();
  });

  it('says an error first: that is a refusal, and told by plain HTTP when nobody is left', async () => {
    const error = { type: 'server_error', code: 'insufficient_quota', message: 'no money' };
    const { story, count } = await before((socket) => {
      socket.send(JSON.stringify({ type: 'error', error }));
    });
    const session = new Session(story);
    await session.closed();
    expect(session.status).toBe(429);
    expect(count()).toBe(2);
  });

  it('dies in the middle: the caller is told, with code 1011', async () => {
    const { story, count } = await before((socket) => {
      socket.send(created);
      socket.on('message', () => socket.terminate());
    });
    const session = new Session(story);
    await session.heard('session.created');
    session.say(RESPOND);
    await session.closed();
    expect(session.code).toBe(1011);
    expect(session.events.at(-1)).toMatchObject({
      type: 'error',
      error: { code: 'upstream_error' },
    });
    expect(count()).toBe(1);
    await story.quiet();
  });

  it('ends the session itself: its code is told on', async () => {
    const { story } = await before((socket) => {
      socket.send(created);
      socket.close(4001, 'session expired');
    });
    const session = new Session(story);
    await session.closed();
    expect(session.code).toBe(4001);
    await story.quiet();
  });

  it('names its account in what fails, and the caller hears of that without the name', async () => {
    const message = 'Rate limit reached in organization org-AbCdEf123456GhIj, key sk-test-a';
    const { story } = await before((socket) => {
      socket.send(created);
      socket.on('message', () => {
        const status_details = { type: 'failed', error: { type: 'x', message } };
        socket.send(JSON.stringify({ type: 'error', error: { type: 'x', message } }));
        socket.send(
          JSON.stringify({ type: 'response.done', response: { status: 'failed', status_details } }),
        );
        socket.send(JSON.stringify({ type: 'response.output_text.delta', delta: message }));
        socket.close(4000, message);
      });
    });
    const session = new Session(story);
    const reasons: string[] = [];
    session.socket.on('close', (_, reason) => reasons.push(reason.toString()));
    await session.heard('session.created');
    session.say(RESPOND);
    await session.closed();
    const [failed, done, delta] = session.events.slice(1);
    expect(JSON.stringify([failed, done, ...reasons])).not.toMatch(/org-|sk-test/);
    expect(JSON.stringify([failed, done])).toContain('Rate limit reached in organization [masked]');
    expect(delta?.['delta']).toBe(message);
    expect(reasons).toHaveLength(1);
  });

  it('passes binary frames, and large ones in both directions, without a byte changed', async () => {
    const { story } = await before((socket) => {
      socket.send(created);
      socket.on('message', (data: Buffer, binary: boolean) => socket.send(data, { binary }));
    });
    const session = new Session(story);
    await session.heard('session.created');
    const got: (readonly [number, boolean])[] = [];
    session.socket.removeAllListeners('message');
    session.socket.on('message', (data: Buffer, binary: boolean) =>
      got.push([data.length, binary]),
    );
    for (let turn = 0; turn < 8; turn += 1) session.socket.send(Buffer.alloc(1_000_000, 7));
    session.socket.send('ä');
    await until(() => got.length === 9, 'all to be echoed', 5000);
    expect(got.slice(0, 8)).toEqual(Array.from({ length: 8 }, () => [1_000_000, true]));
    expect(got[8]).toEqual([2, false]);
    session.socket.close();
    await session.closed();
  });

  it('is not taken for dead while it answers pings, and is when it does not', async () => {
    const { story } = await before(
      (socket, number) => {
        socket.send(created);
        if (number > 1) Reflect.set(socket, 'pong', () => undefined);
      },
      { idleTimeoutMs: 300 },
    );
    const session = new Session(story);
    await session.heard('session.created');
    const silent = new Session(story);
    await silent.heard('session.created');
    await silent.closed();
    expect(silent.code).toBe(1011);
    expect(session.code).toBeNull();
    session.socket.close();
    await session.closed();
  });

  it('is left at once when the caller is gone, and its key is free again', async () => {
    let left = false;
    const { story } = await before((socket) => {
      socket.send(created);
      socket.on('close', () => {
        left = true;
      });
    });
    const session = new Session(story);
    await session.heard('session.created');
    session.socket.terminate();
    await until(() => left, 'the provider to be left');
    await story.quiet();
    expect((await story.records()).at(-1)?.status).toBe(499);
  });

  it('is left when the node stops, and the caller told so with code 1001 at the end of the grace', async () => {
    const { story } = await before((socket) => socket.send(created));
    const session = new Session(story);
    await session.heard('session.created');
    await story.node.drain(1200);
    await session.closed();
    expect(session.code).toBe(1001);
  });
});
