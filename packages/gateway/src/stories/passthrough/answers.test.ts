/** What is passed through: which calls are sent again, and what comes back. */
import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { until } from '@keywell/testkit/until';
import { error, handAnswered, json } from './hand-answered.contract.ts';

const world = handAnswered();

describe('a call that is passed through', () => {
  it('is refused by one key and served by another, whatever its method', async () => {
    world.answer = (response) =>
      world.asked.length === 1
        ? json(response, 429, error('Rate limit reached', 'rate_limit_exceeded'))
        : json(response, 201, { id: 'made' });
    const made = await world.post('odd/things');
    expect(made.status).toBe(201);
    expect(await made.json()).toEqual({ id: 'made' });
    expect(made.headers.get('keywell-attempts')).toBe('2');
    expect(world.keysAsked()).toBe(2);
  });

  it('is told when all keys are dry, in the words of every call', async () => {
    world.answer = (response) => {
      response.setHeader('retry-after', '7');
      json(response, 429, error('Rate limit reached', 'rate_limit_exceeded'));
    };
    const dry = await world.post('odd/things');
    expect(dry.status).toBe(429);
    expect(Number(dry.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await dry.json()).toMatchObject({ error: { code: 'pool_exhausted' } });
    expect(world.asked).toHaveLength(2);
    expect((await world.call('odd/things')).status).toBe(429);
    expect(world.asked).toHaveLength(2);
  });

  it.each([
    ['the connection is reset', (response: ServerResponse) => response.destroy(), 504],
    ['the provider fails', (response: ServerResponse) => json(response, 500, {}), 502],
    ['a proxy gives up', (response: ServerResponse) => json(response, 504, {}), 502],
    [
      'a good answer breaks off',
      (response: ServerResponse) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
        response.write('{"id":');
        setImmediate(() => response.destroy());
      },
      502,
    ],
    [
      'it is redirected',
      (response: ServerResponse) => response.writeHead(303, { location: 'https://x.test/' }).end(),
      502,
    ],
    [
      'its answer is compressed',
      (response: ServerResponse) =>
        response
          .writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
          .end('x'),
      502,
    ],
  ])('is not sent again as a POST when %s', async (_, how, status) => {
    world.answer = how;
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      world.story.reset();
      world.asked.length = 0;
      const given = await world.call('odd/things/1', { method });
      expect([method, given.status]).toEqual([method, status]);
      expect([method, world.asked.length]).toEqual([method, 1]);
      expect(given.headers.get('location')).toBeNull();
    }
  });

  it('is sent again as a POST when the provider says that it is too busy', async () => {
    world.answer = (response) =>
      json(response, world.asked.length === 1 ? 503 : 200, error('The server is overloaded', 'x'));
    expect((await world.post('odd/things')).status).toBe(200);
    expect(world.asked).toHaveLength(2);
  });

  it.each([
    ['the connection is reset', (response: ServerResponse) => void response.destroy()],
    ['the provider fails', (response: ServerResponse) => json(response, 500, {})],
  ])('is sent again as a GET when %s', async (_, how) => {
    world.answer = (response) =>
      world.asked.length === 1 ? how(response) : json(response, 200, { n: 2 });
    const given = await world.call('odd/things');
    expect(await given.json()).toEqual({ n: 2 });
    expect(world.asked).toHaveLength(2);
  });

  it('is carried out once by its Idempotency-Key, and another path is another call', async () => {
    const headers = { 'idempotency-key': 'once' };
    world.answer = (response) => json(response, 201, { n: world.asked.length });
    const first = await world.post('odd/things', { x: 1 }, headers);
    const second = await world.post('odd/things', { x: 1 }, headers);
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(await second.json()).toEqual(await first.json());
    expect(second.headers.get('keywell-idempotent-replay')).toBe('true');
    expect((await world.post('odd/others', { x: 1 }, headers)).status).toBe(422);
    expect(world.asked).toHaveLength(1);
    await world.call('odd/things', { headers });
    await world.call('odd/things', { headers });
    expect(world.asked).toHaveLength(3);
  });
});

describe('a call that is passed through while every key is dry', () => {
  const dryFor = (seconds: number, calls: number): void => {
    world.answer = (response) => {
      if (world.asked.length > calls) return json(response, 200, { served: true });
      response.setHeader('retry-after', String(seconds));
      json(response, 429, error('Rate limit reached', 'rate_limit_exceeded'));
    };
  };

  it('waits as long as the pools of the provider let calls wait, and is served', async () => {
    dryFor(1, 2);
    const given = await world.post('odd/things');
    expect(await given.json()).toEqual({ served: true });
    expect(Number(given.headers.get('keywell-wait-ms'))).toBeGreaterThan(500);
    expect(world.asked).toHaveLength(3);
  });

  it('does not wait where it says so', async () => {
    dryFor(1, 2);
    const given = await world.post('odd/things', {}, { 'keywell-max-wait-ms': '0' });
    expect(given.status).toBe(429);
    expect(world.asked).toHaveLength(2);
  });

  it('waits no longer when what it asks for is closed meanwhile', async () => {
    dryFor(3, 2);
    const { node, snapshot } = world.story;
    const waiting = world.post('odd/things');
    await until(() => world.asked.length === 2, 'both keys to be dry');
    const closed = snapshot.providers.map((each) =>
      each.id === 'odd' ? Object.assign({}, each, { passthrough: ['GET /things'] }) : each,
    );
    await node.publish({ ...snapshot, version: 2, hash: '2', providers: closed });
    const given = await waiting;
    expect(given.status).toBe(404);
    expect(await given.text()).toContain('is not open');
    expect(world.asked).toHaveLength(2);
    await node.publish({ ...snapshot, version: 3, hash: '3' });
  });
});

describe('an answer', () => {
  it('of bytes is handed on as it is, with its status and type', async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    world.answer = (response) =>
      void response.writeHead(203, { 'content-type': 'image/png', 'set-cookie': 'a=b' }).end(bytes);
    const given = await world.call('odd/pictures/1');
    expect(given.status).toBe(203);
    expect(given.headers.get('content-type')).toBe('image/png');
    expect(given.headers.get('set-cookie')).toBeNull();
    expect(Buffer.from(await given.arrayBuffer()).equals(bytes)).toBe(true);
    const record = await world.story.recordOf(given.headers.get('keywell-request-id') ?? '');
    expect(record.streamed).toBe(false);
  });

  it('of events comes event by event, while the provider goes on', async () => {
    let goOn: () => void = () => undefined;
    world.answer = (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: one\n\n');
      goOn = () => response.end('data: two\n\n');
    };
    const given = await world.post('odd/runs', { stream: true });
    expect(given.headers.get('content-type')).toBe('text/event-stream');
    const reader = given.body?.getReader();
    const text = async () => Buffer.from((await reader?.read())?.value ?? []).toString();
    expect(await text()).toBe('data: one\n\n');
    goOn();
    expect(await text()).toBe('data: two\n\n');
    expect((await reader?.read())?.done).toBe(true);
    const record = await world.story.recordOf(given.headers.get('keywell-request-id') ?? '');
    expect(record).toMatchObject({ streamed: true, status: 200 });
  });

  it('that breaks off in the middle is broken off, and is not begun again', async () => {
    let breakOff: () => void = () => undefined;
    world.answer = (response) => {
      response.writeHead(200, { 'content-type': 'application/octet-stream' });
      response.write('half');
      breakOff = () => response.destroy();
    };
    const given = await world.call('odd/things');
    const reader = given.body?.getReader();
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe('half');
    breakOff();
    await expect(reader?.read()).rejects.toThrow('terminated');
    expect(world.asked).toHaveLength(1);
    await world.story.quiet();
  });

  it.each([
    [204, {}],
    [200, { 'content-length': '0' }],
    [202, { 'content-type': 'application/json', 'content-length': '0' }],
    [200, { 'content-type': 'text/plain', 'content-length': '0' }],
  ])('of nothing (%d %j) is one', async (status, headers) => {
    world.answer = (response) => void response.writeHead(status, headers).end();
    const given = await world.call('odd/things/1', { method: 'DELETE' });
    expect(given.status).toBe(status);
    expect(await given.text()).toBe('');
    const type: unknown = Reflect.get(headers, 'content-type');
    expect(given.headers.get('content-type')).toBe(type ?? null);
    expect(given.headers.get('content-length')).toBe(status === 204 ? null : '0');
    await world.story.quiet();
  });

  it('of JSON is not judged, and what it counts is counted', async () => {
    const body = '{"error":{"message":"of the job"},"usage":{"input_tokens":5,"output_tokens":7}}';
    world.answer = (response) =>
      void response.writeHead(200, { 'content-type': 'application/json' }).end(body);
    const given = await world.call('odd/jobs/1');
    expect(await given.text()).toBe(body);
    const record = await world.story.recordOf(given.headers.get('keywell-request-id') ?? '');
    expect(record.usage).toMatchObject({ inputTokens: 5, outputTokens: 7 });
    expect(record.costMicros).toBeNull();
  });

  it('of a fault of the caller’s is shown, without what must not be seen', async () => {
    world.answer = (response, { headers }) =>
      json(response, 422, error(`Bad x for ${headers.authorization}`, 'invalid_x'));
    const given = await world.post('odd/things');
    const text = await given.text();
    expect(given.status).toBe(422);
    expect(text).toContain('Bad x for');
    expect(text).not.toContain('sk-upstream');
    expect(world.asked).toHaveLength(1);
    expect(world.cooldowns()).toEqual([]);
  });

  it('of 404 says nothing of a model, and of 403 nothing of the rest of what a key may do', async () => {
    world.answer = (response) =>
      json(response, 404, error('The model `x` does not exist', 'model_not_found'));
    expect((await world.call('odd/things/1')).status).toBe(404);
    expect(world.asked).toHaveLength(1);
    world.answer = (response) =>
      json(response, 403, error('You are not allowed to do this', 'forbidden'));
    expect((await world.call('odd/things/1')).status).toBe(403);
    const scopes = 'You have insufficient permissions for this operation. Missing scopes: x';
    world.answer = (response) => json(response, 401, error(scopes, 'missing_scope'));
    world.asked.length = 0;
    const barred = await world.call('odd/things/1');
    expect(barred.status).toBe(401);
    expect(await barred.text()).toContain('Missing scopes');
    // Another key may have the scope; both were asked, and both are as good as before.
    expect(world.keysAsked()).toBe(2);
    expect(world.cooldowns()).toEqual([]);
  });

  it('of 401 kills the key that it is about', async () => {
    world.answer = (response) =>
      world.asked.length === 1
        ? json(response, 401, error('Incorrect API key provided', 'invalid_api_key'))
        : json(response, 200, {});
    expect((await world.post('odd/things')).status).toBe(200);
    expect(world.asked).toHaveLength(2);
    expect(world.cooldowns().map((cooldown) => cooldown.class)).toEqual(['credential_dead']);
  });
});
