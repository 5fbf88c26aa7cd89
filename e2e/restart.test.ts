import { writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { startSimulator, type Simulator } from '@keywell/simulator/start-simulator';
import { newConsumerKey } from './support/consumer-keys.ts';
import {
  eventually,
  launchKeywell,
  startKeywell,
  type KeywellProcess,
} from './support/keywell-process.ts';

const consumer = newConsumerKey();
const LIMITS = { requestsPerMinute: 1_000_000, tokensPerMinute: 1_000_000_000 };
const ENV = { LIFE_KEY_A: 'sk-life-canary-aaaa', LIFE_KEY_B: 'sk-life-canary-bbbb' };

const configOf = (baseUrl: string, more = ''): string => `version: 1
providers:
  - id: openai
    kind: openai
    base_url: '${baseUrl}'
    keys:
      - { id: a, value: 'env:LIFE_KEY_A', domain: org-a }
      - { id: b, value: 'env:LIFE_KEY_B', domain: org-b }
pools: [{ id: chat, tiers: [{ targets: [{ provider: openai, model: gpt-5-mini }] }] }]
models: [{ alias: smart, pool: chat }${more}]
consumers:
  - { id: web, key_hash: '${consumer.keyHash}', models: ['*'] }
`;

const simulators: Simulator[] = [];
const processes: KeywellProcess[] = [];

afterEach(async () => {
  for (const keywell of processes.splice(0)) await keywell.dispose();
  for (const simulator of simulators.splice(0)) await simulator.close();
});

async function aSimulator(): Promise<Simulator> {
  const simulator = await startSimulator({
    profile: {
      organizations: [
        {
          id: 'org-a',
          projects: [{ id: 'pa', keys: [{ alias: 'a', value: ENV.LIFE_KEY_A }] }],
        },
        {
          id: 'org-b',
          projects: [{ id: 'pb', keys: [{ alias: 'b', value: ENV.LIFE_KEY_B }] }],
        },
      ],
      models: [{ id: 'gpt-5-mini', limits: LIMITS }],
    },
  });
  simulators.push(simulator);
  return simulator;
}

async function aKeywell(options: Parameters<typeof startKeywell>[0]): Promise<KeywellProcess> {
  const keywell = await startKeywell({ env: ENV, ...options });
  processes.push(keywell);
  return keywell;
}

function call(keywell: KeywellProcess, more: RequestInit = {}, model = 'smart'): Promise<Response> {
  return fetch(`${keywell.baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${consumer.key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'hi' }] }),
    ...more,
  });
}

async function statusOf(answer: Promise<Response>): Promise<number> {
  const response = await answer;
  await response.arrayBuffer();
  return response.status;
}

describe('kill -9 in the middle, and a restart', () => {
  it('calls no key again that was known to be dry', async () => {
    const simulator = await aSimulator();
    const first = await aKeywell({ config: configOf(simulator.url) });
    simulator.set({ fault: 'quota_exhausted', key: 'a' });
    for (let turn = 0; turn < 40; turn += 1) expect(await statusOf(call(first))).toBe(200);
    expect(simulator.counts().keys['a']?.byStatus['429']).toBe(1);
    const load = Promise.allSettled(Array.from({ length: 64 }, () => call(first)));
    await first.kill();
    await load;
    const before = simulator.counts().keys['a']?.calls;
    const second = await aKeywell({ config: null, dir: first.dir, ports: first.ports });
    for (let turn = 0; turn < 40; turn += 1) expect(await statusOf(call(second))).toBe(200);
    expect(simulator.counts().keys['a']?.calls).toBe(before);
  });

  it('serves again within a second after a cooldown ends', async () => {
    const simulator = await aSimulator();
    const keywell = await aKeywell({ config: configOf(simulator.url) });
    simulator.set({ fault: 'rate_limited', key: 'a', retryAfterMs: 2000, count: 1 });
    simulator.set({ fault: 'quota_exhausted', key: 'b' });
    // Both keys are met with their faults; from then on nothing is left until a is back.
    const startedAt = performance.now();
    const refused = await call(keywell);
    expect(refused.status).toBe(429);
    // The instant the provider named, with up to 5 % on top so that not everybody comes back at once, in whole seconds.
    expect(['2', '3']).toContain(refused.headers.get('retry-after'));
    expect(await refused.json()).toMatchObject({ error: { code: 'pool_exhausted' } });
    const total = simulator.counts().total.calls;
    expect(await statusOf(call(keywell))).toBe(429);
    expect(simulator.counts().total.calls).toBe(total);
    await eventually(
      'the cooldown ends',
      async () => (await statusOf(call(keywell))) === 200,
      5000,
    );
    const took = performance.now() - startedAt;
    expect(took).toBeGreaterThan(2000);
    expect(took).toBeLessThan(3200);
  });
});

describe('the limit of a consumer', () => {
  it('admits exactly 100 of 1,000 calls on two workers', async () => {
    const simulator = await aSimulator();
    const limited = newConsumerKey();
    const config = configOf(simulator.url).replace(
      'consumers:',
      `consumers:\n  - { id: limited, key_hash: '${limited.keyHash}', models: ['*'], limits: { requests_per_minute: 100 } }`,
    );
    const keywell = await aKeywell({ config, workers: 2 });
    const headers = {
      authorization: `Bearer ${limited.key}`,
      'content-type': 'application/json',
      connection: 'close',
    };
    const statuses: number[] = [];
    const one = async (): Promise<void> => {
      for (let turn = 0; turn < 20; turn += 1)
        statuses.push(await statusOf(call(keywell, { headers })));
    };
    await Promise.all(Array.from({ length: 50 }, one));
    expect(statuses).toHaveLength(1000);
    expect(statuses.filter((status) => status === 200)).toHaveLength(100);
    expect(statuses.filter((status) => status === 429)).toHaveLength(900);
    expect(simulator.counts().total.calls).toBe(100);
  });
});

describe('reloading', () => {
  it('puts a changed file in force within a second, and refuses a wrong one whole', async () => {
    const simulator = await aSimulator();
    const keywell = await aKeywell({ config: configOf(simulator.url) });
    expect(await statusOf(call(keywell, {}, 'new'))).toBe(404);
    writeFileSync(keywell.configFile, configOf(simulator.url, ', { alias: new, pool: chat }'));
    await eventually(
      'the new alias works',
      async () => (await statusOf(call(keywell, {}, 'new'))) === 200,
      2000,
    );
    writeFileSync(keywell.configFile, 'version: 1\nproviders: [{ id: BAD ID }]\n');
    await pause(500);
    expect(await statusOf(call(keywell, {}, 'new'))).toBe(200);
    const status = await (await keywell.admin('/api/v1/status')).text();
    expect(status).toContain('providers[0]');
  });

  it('fails no call over ten reloads under load, and forgets no dry key', async () => {
    const simulator = await aSimulator();
    simulator.set({ fault: 'quota_exhausted', key: 'a' });
    const keywell = await aKeywell({ config: configOf(simulator.url) });
    const load = new AbortController();
    const failed: number[] = [];
    const callers = Array.from({ length: 8 }, async () => {
      while (!load.signal.aborted) {
        const status = await statusOf(call(keywell));
        if (status !== 200) failed.push(status);
      }
    });
    for (let turn = 0; turn < 10; turn += 1) {
      // Another tier changes the layout of the key table every time.
      const pool = `tiers: [{ targets: [{ provider: openai, model: gpt-5-mini, weight: ${turn + 1} }] }]`;
      writeFileSync(
        keywell.configFile,
        configOf(simulator.url).replace(/tiers: \[.*\]\s*\}\]/, `${pool} }]`),
      );
      expect((await keywell.admin('/api/v1/reload', { method: 'POST' })).status).toBe(200);
    }
    load.abort();
    await Promise.all(callers);
    expect(failed).toEqual([]);
    expect(simulator.counts().keys['a']?.calls).toBeLessThanOrEqual(8);
  });
});

describe('stopping', () => {
  it('finishes running streams, says so on /readyz, and exits 0 within the grace', async () => {
    const simulator = await aSimulator();
    simulator.set({ fault: 'slow_stream', intervalMs: 100, events: 20 });
    const keywell = await aKeywell({ config: configOf(simulator.url) });
    const streams = await Promise.all(
      Array.from({ length: 10 }, () =>
        call(keywell, {
          body: JSON.stringify({
            model: 'smart',
            stream: true,
            messages: [{ role: 'user', content: 'hi' }],
          }),
        }),
      ),
    );
    const texts = Promise.all(streams.map((stream) => stream.text()));
    const stopped = keywell.stop();
    await eventually('/readyz says 503', async () => {
      const answer = await fetch(`${keywell.origin}/readyz`).catch(() => null);
      return answer?.status === 503;
    });
    for (const text of await texts) expect(text).toContain('data: [DONE]');
    expect(await stopped).toBe(0);
  });

  it('takes a signal that comes twice within milliseconds for one', async () => {
    const simulator = await aSimulator();
    simulator.set({ fault: 'slow_stream', intervalMs: 50, events: 20 });
    const keywell = await aKeywell({ config: configOf(simulator.url) });
    const stream = await call(keywell, {
      body: JSON.stringify({
        model: 'smart',
        stream: true,
        messages: [{ role: 'user', content: 'hi' }],
      }),
    });
    const text = stream.text();
    const stopped = keywell.stop();
    await pause(5);
    keywell.child.kill('SIGTERM');
    keywell.child.kill('SIGINT');
    expect(await text).toContain('data: [DONE]');
    expect(await stopped).toBe(0);
  });

  it('ends at once on the second signal', async () => {
    const simulator = await aSimulator();
    simulator.set({ fault: 'stall_silent' });
    const keywell = await aKeywell({ config: configOf(simulator.url) });
    const hanging = call(keywell).catch(() => null);
    await eventually('the call runs', () => simulator.counts().total.inFlight === 1);
    const stopped = keywell.stop();
    await pause(600);
    const startedAt = performance.now();
    keywell.child.kill('SIGTERM');
    await stopped;
    expect(performance.now() - startedAt).toBeLessThan(1000);
    await hanging;
  });

  it('a second process on the same port says so and exits non-zero', async () => {
    const simulator = await aSimulator();
    const first = await aKeywell({ config: configOf(simulator.url) });
    const second = await launchKeywell({
      config: configOf(simulator.url),
      ports: { traffic: first.ports.traffic, admin: 0 },
      env: ENV,
    });
    processes.push(second);
    expect(await second.exited).toBe(1);
    expect(second.output()).toMatch(new RegExp(`port ${first.ports.traffic} is in use`));
    expect(await statusOf(call(first))).toBe(200);
  });
});
