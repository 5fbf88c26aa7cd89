import { request } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import type { Clock } from '../clock.ts';
import { startSimulator } from '../start-simulator.ts';
import type { Simulator } from '../start-simulator.ts';

const open: Simulator[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((simulator) => simulator.close()));
});

async function start(clock?: Clock): Promise<Simulator> {
  const simulator = await startSimulator({ clock });
  open.push(simulator);
  return simulator;
}

async function control(
  simulator: Simulator,
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; json: unknown }> {
  const response = await fetch(simulator.controlUrl + path, {
    method,
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return { status: response.status, json: await response.json() };
}

async function chat(simulator: Simulator): Promise<number> {
  const response = await fetch(`${simulator.url}/chat/completions`, {
    method: 'POST',
    headers: { authorization: 'Bearer sk-simulator-key-a' },
    body: JSON.stringify({ model: 'gpt-5', messages: [{ role: 'user', content: 'x' }] }),
  });
  await response.text();
  return response.status;
}

describe('the control endpoint', () => {
  test('sets faults, tells them, and ends them', async () => {
    const simulator = await start();
    const set = await control(simulator, 'POST', '/faults', [
      { fault: 'quota_exhausted', key: 'a', count: 2 },
      { id: 'mine', fault: 'slow_down', key: 'b', retry_after_ms: 1000 },
    ]);
    expect(set).toEqual({ status: 200, json: { ids: ['fault-1', 'mine'] } });
    expect(await chat(simulator)).toBe(429);
    const listed = await control(simulator, 'GET', '/faults');
    expect(listed.json).toMatchObject({
      faults: [
        { id: 'mine', retry_after_ms: 1000, left: null },
        {
          id: 'fault-1',
          fault: 'quota_exhausted',
          left: 1,
          acted: 1,
          begins_in_ms: 0,
          ends_in_ms: null,
        },
      ],
    });
    expect((await control(simulator, 'DELETE', '/faults?id=mine')).json).toEqual({ cleared: 1 });
    expect((await control(simulator, 'DELETE', '/faults')).json).toEqual({ cleared: 1 });
    expect(await chat(simulator)).toBe(200);
  });

  test('tells the counts per key, and the calls one by one when asked', async () => {
    const simulator = await start();
    await chat(simulator);
    await chat(simulator);
    const counts = await control(simulator, 'GET', '/counts');
    expect(counts.json).toMatchObject({
      total: { calls: 2 },
      keys: {
        a: {
          calls: 2,
          max_in_flight: 1,
          by_status: { 200: 2 },
          by_operation: { 'chat.completions': 2 },
        },
        b: { calls: 0 },
      },
      unknown_key: { calls: 0 },
    });
    expect(counts.json).not.toHaveProperty('calls');
    const since = await control(simulator, 'GET', '/counts?calls=1&since=1');
    expect(since.json).toMatchObject({
      calls: [
        {
          sequence: 2,
          key: 'a',
          model: 'gpt-5',
          status: 200,
          started_at: expect.any(Number),
          ended_at: expect.any(Number),
        },
      ],
      calls_dropped: 0,
    });
  });

  test('resets, moves the clock, and fills up an organization', async () => {
    const simulator = await start();
    await chat(simulator);
    expect(
      (await control(simulator, 'POST', '/clock', { advance_ms: 3_600_000 })).json,
    ).toMatchObject({ ahead_ms: 3_600_000 });
    await control(simulator, 'POST', '/balance', {
      organization: 'org-simulator-1',
      balance_micros: 0,
    });
    expect(await chat(simulator)).toBe(429);
    await control(simulator, 'POST', '/reset');
    expect(await chat(simulator)).toBe(200);
    expect(simulator.counts().total.calls).toBe(1);
  });

  test('tells what is left of every limit, and narrows it down', async () => {
    const simulator = await start({ now: () => 0, wallNow: () => 0 });
    await chat(simulator);
    const all = await control(simulator, 'GET', '/limits?model=gpt-5');
    expect(all.json).toMatchObject({
      limits: [
        { key: 'a', dimension: 'requests_minute', limit: 10_000, remaining: 9999, reset_in_ms: 6 },
        { key: 'a', dimension: 'tokens_minute' },
        { key: 'b', dimension: 'requests_minute', remaining: 10_000, reset_in_ms: 0 },
        { key: 'b', dimension: 'tokens_minute' },
      ],
    });
    const one = await control(simulator, 'GET', '/limits?model=gpt-5&key=b');
    expect(one.json).toMatchObject({ limits: [{ key: 'b' }, { key: 'b' }] });
  });

  test('tells who was refused why', async () => {
    const simulator = await start();
    simulator.set({ fault: 'slow_down', count: 2 });
    for (let call = 0; call < 3; call++) await chat(simulator);
    const { json } = await control(simulator, 'GET', '/refusals?since=1');
    expect(json).toMatchObject({
      total: { slow_down: 2 },
      unknown_key: {},
      keys: { a: { slow_down: 2 }, b: {} },
      refusals: [{ sequence: 2, key: 'a', refused: 'slow_down', status: 429 }],
      calls_dropped: 0,
    });
  });

  test('shows the profile without key values', async () => {
    const simulator = await start();
    const { json } = await control(simulator, 'GET', '/profile');
    expect(json).toMatchObject({ organizations: [{ projects: [{ keys: [{ alias: 'a' }] }] }, {}] });
    expect(JSON.stringify(json)).not.toContain('sk-simulator-key-a');
  });

  test.each([
    ['POST', '/faults', { fault: 'nonsense' }, 400, /fault: Invalid option/],
    [
      'POST',
      '/faults',
      { fault: 'dead_key', key: 'z' },
      400,
      /no key \\"z\\"; expected one of: a, b/,
    ],
    [
      'POST',
      '/faults',
      [{ fault: 'dead_key' }, { fault: 'dead_key', bytes: 1 }],
      400,
      /\[1\] bytes: dead_key does not take bytes/,
    ],
    ['POST', '/faults', '{', 400, /not JSON/],
    ['POST', '/faults', undefined, 400, /expected object/],
    ['DELETE', '/faults?kex=a', undefined, 400, /kex/],
    ['POST', '/clock', { advance_ms: -1 }, 400, /advance_ms/],
    ['POST', '/clock', { advance_ms: 'x' }, 400, /advance_ms/],
    ['POST', '/balance', { organization: 'org-0', balance_micros: 1 }, 404, /no organization/],
    ['GET', '/nothing', undefined, 404, /_simulator\/counts/],
    ['PUT', '/faults', {}, 405, /GET, POST, DELETE/],
    ['GET', '/__proto__', undefined, 404, /there is nothing/],
    ['POST', '/faults', 'x'.repeat(1_100_000), 413, /at most/],
  ])(
    '%s %s with %.60j answers %i and changes nothing',
    async (...[method, path, body, status, text]) => {
      const simulator = await start();
      const reply = await control(simulator, method, path, body);
      expect(reply.status).toBe(status);
      expect(JSON.stringify(reply.json)).toMatch(text);
      expect(simulator.faults()).toEqual([]);
    },
  );

  test.each([
    ['another host', { host: 'evil.example:80' }],
    ['no page', { origin: 'http://localhost:3000' }],
    ['a name that begins like loopback', { host: '127.0.0.1.evil.example' }],
  ])('is closed to %s', async (_, headers) => {
    const simulator = await start();
    const status = await new Promise<number>((resolve, reject) => {
      const call = request(
        `${simulator.controlUrl}/reset`,
        { method: 'POST', headers },
        (response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
        },
      );
      call.on('error', reject);
      call.end();
    });
    expect(status).toBe(403);
  });
});

test('in code, a fault that is wrong throws', async () => {
  const simulator = await start();
  expect(() => simulator.set({ fault: 'dead_key', key: 'z' })).toThrow(/no key "z"/);
  expect(() => simulator.set({ fault: 'dead_key', events: 1 })).toThrow(/does not take events/);
  expect(() => simulator.setBalance('org-0', 1)).toThrow(/no organization/);
});
