import type { CooldownStatus, KeyStatus } from '@keywell/core/keys/status';
import type { Vendor } from '@keywell/providers/compatible/vendor';
import { vendorOf } from '@keywell/providers/registry';
import { memoryAuditStore } from '@keywell/storage/audit/memory-audit-store';
import { aSnapshot, type KeySketch, type ProviderSketch } from '@keywell/testkit/a-snapshot';
import { FakeClock } from '@keywell/testkit/fake-clock';
import { describe, expect, it } from 'vitest';
import { type FreeCheckEvent, type FreeCheckPorts, FreeChecks } from './free-checks.ts';

const MINUTE = 60_000;

const funds = (scopeId = 'node:openai/org-1', over: Partial<CooldownStatus> = {}) => ({
  scopeId,
  scope: 'node' as const,
  class: 'funds_exhausted' as const,
  dimension: 'spend' as const,
  endsInMs: 60 * MINUTE,
  authoritative: false,
  evidence: 'body.code=insufficient_quota',
  ...over,
});
const dead = (key: string, evidence = 'status=401'): CooldownStatus => ({
  ...funds(`key:openai/${key}`),
  scope: 'key',
  class: 'credential_dead',
  dimension: 'unknown',
  evidence,
});

const status = (key: string, cooldowns: readonly CooldownStatus[]): KeyStatus => ({
  provider: 'openai',
  key,
  fingerprint: '00000000',
  domain: 'openai/org-1',
  domainSource: 'pinned',
  weight: 1,
  inFlight: 0,
  attempts: 0,
  successes: 0,
  failures: 0,
  state: cooldowns.length > 0 ? 'cooled' : 'ready',
  cooldowns,
});

interface Sketch {
  readonly keys: Readonly<Record<string, readonly CooldownStatus[]>>;
  readonly provider?: ProviderSketch;
  readonly answer?: (url: string) => { status: number; body: string };
}

function world({ keys, provider = {}, answer = () => ({ status: 200, body: 'funded' }) }: Sketch) {
  const clock = new FakeClock();
  const standing = new Map(Object.entries(keys));
  const called: string[] = [];
  const events: FreeCheckEvent[] = [];
  const audit = memoryAuditStore();
  const sketches = Object.keys(keys).map((id): KeySketch => ({ id }));
  const { providers } = aSnapshot({
    providers: [{ baseUrl: 'https://api.example/v1', keys: sketches, ...provider }],
  });
  const vendor: Vendor | null = vendorOf('openai');
  if (vendor === null) throw new Error('there is an openai');
  const deadlines: AbortController[] = [];
  const ports: FreeCheckPorts = {
    dataPlane: {
      keys: () => [...standing].map(([key, cooldowns]) => status(key, cooldowns)),
      clearCooldowns: ({ scopeId, class: of }) => {
        const ended = [...standing.values()].flat().find((each) => each.scopeId === scopeId);
        for (const [key, cooldowns] of standing)
          standing.set(
            key,
            cooldowns.filter((each) => each.scopeId !== scopeId || each.class !== of),
          );
        if (ended === undefined) return [];
        return [{ ...ended, action: 'cleared', endsAt: 0, strikes: 0 }];
      },
    },
    providers: () => providers,
    vendorOf: () => ({
      ...vendor,
      balanceCheck: {
        path: '/user/balance',
        read: (_, body) => (body === 'funded' || body === 'empty' ? body : 'unknown'),
      },
    }),
    audit,
    fetch: async (url) => {
      called.push(new URL(url).pathname);
      const { status: code, body } = answer(url);
      return { status: code, body: new Response(body).body };
    },
    deadline: () => {
      const deadline = new AbortController();
      deadlines.push(deadline);
      return deadline.signal;
    },
    now: clock.now,
    wallNow: clock.wallNow,
    random: () => 0.5,
    onEvent: (event) => events.push(event),
  };
  const checks = new FreeChecks(ports);
  /** Lets time pass in steps of half a minute, as the server calls it. */
  const pass = async (minutes: number): Promise<void> => {
    for (let step = 0; step < minutes * 2; step += 1) {
      await checks.tick();
      clock.advance(MINUTE / 2);
    }
    await checks.tick();
  };
  const advance = (ms: number): void => clock.advance(ms);
  return { checks, ports, pass, advance, standing, called, events, audit, deadlines };
}

describe('a key without money', () => {
  it('is looked at after five minutes, restored when there is money again, and it is written down', async () => {
    const { pass, called, standing, audit, events, checks } = world({
      keys: { a: [funds()], b: [funds()] },
    });
    await pass(5);
    expect(called).toEqual([]);
    await pass(1);
    expect(called).toEqual(['/user/balance']);
    expect([...standing.values()].flat()).toEqual([]);
    expect(events).toEqual([
      { provider: 'openai', key: 'a', class: 'funds_exhausted', result: 'restored', status: 200 },
    ]);
    expect(checks.counts()).toEqual([{ provider: 'openai', result: 'restored', count: 1 }]);
    expect(await audit.list({ limit: 5 })).toMatchObject([
      {
        actor: 'keywell',
        action: 'cooldown.cleared',
        target: 'openai/a',
        detail: {
          why: 'free_check',
          asked: '/user/balance',
          cleared: 1,
          before: 'openai/a cooled, openai/b cooled',
          after: 'openai/a ready, openai/b ready',
        },
      },
    ]);
    await pass(60);
    expect(called).toHaveLength(1);
  });

  it('is looked at every five to six minutes while it is empty, once for all keys of the account', async () => {
    const { pass, called, standing, audit } = world({
      keys: { a: [funds()], b: [funds()], c: [funds()] },
      answer: () => ({ status: 200, body: 'empty' }),
    });
    await pass(60);
    expect(called.length).toBeGreaterThanOrEqual(10);
    expect(called.length).toBeLessThanOrEqual(12);
    expect(standing.get('a')).toHaveLength(1);
    expect(await audit.list({ limit: 5 })).toEqual([]);
  });

  it.each([
    ['an answer that says nothing', 200, 'nonsense'],
    ['a redirect', 302, ''],
    ['an answer that is too long', 200, 'x'.repeat(65 * 1024)],
    ['a refusal', 500, 'empty?'],
  ])('stays cooled after %s', async (_, code, body) => {
    const { pass, standing, events } = world({
      keys: { a: [funds()] },
      answer: () => ({ status: code, body }),
    });
    await pass(6);
    expect(standing.get('a')).toHaveLength(1);
    expect(events.map(({ result }) => result)).toEqual(['unknown']);
  });

  it('stays cooled when nobody answers, and when the answer comes after the deadline', async () => {
    const { pass, advance, standing, events, ports, deadlines } = world({
      keys: { a: [funds()] },
      answer: () => {
        throw new Error('connection refused');
      },
    });
    await pass(6);
    expect(events.map(({ result }) => result)).toEqual(['failed']);
    const slow = new FreeChecks({
      ...ports,
      fetch: (_, { signal }) =>
        new Promise((__, reject) => {
          signal.addEventListener('abort', () => reject(new Error('aborted')));
          deadlines.at(-1)?.abort();
        }),
    });
    await slow.tick();
    advance(6 * MINUTE);
    await slow.tick();
    expect(events.at(-1)).toMatchObject({ result: 'failed', status: 0 });
    expect(standing.get('a')).toHaveLength(1);
  });

  it('stays cooled when it was refused again while the look was under way', async () => {
    const sketch = world({ keys: { a: [funds()] } });
    const { standing, events, audit } = sketch;
    const { fetch } = sketch.ports;
    const checks = new FreeChecks({
      ...sketch.ports,
      fetch: (url, init) => {
        standing.set('a', [funds(undefined, { endsInMs: 90 * MINUTE })]);
        return fetch(url, init);
      },
    });
    await checks.tick();
    sketch.advance(6 * MINUTE);
    await checks.tick();
    expect(events.map(({ result }) => result)).toEqual(['still']);
    expect(await audit.list({ limit: 5 })).toEqual([]);
  });
});

describe('a refused credential', () => {
  it('is looked at ever more rarely, and restored when it is accepted', async () => {
    let code = 401;
    const { pass, called, standing } = world({
      keys: { a: [dead('a')], b: [] },
      answer: () => ({ status: code, body: '' }),
    });
    await pass(14);
    expect(called).toEqual([]);
    await pass(24 * 60);
    expect(called.length).toBeGreaterThan(4);
    expect(called.length).toBeLessThan(12);
    expect(new Set(called)).toEqual(new Set(['/v1/models']));
    code = 200;
    await pass(8 * 60);
    expect(standing.get('a')).toEqual([]);
  });

  it('that was reported as leaked is never looked at, whatever else is wrong with the key', async () => {
    const leaked = dead('a', 'status=403 body.message~leaked-key');
    const { pass, called } = world({ keys: { a: [leaked, funds('node:openai/org-a')] } });
    await pass(12 * 60);
    expect(called).toEqual([]);
  });
});

describe('nothing is looked at', () => {
  it.each<[string, Sketch]>([
    ['where it is switched off', { keys: { a: [funds()] }, provider: { freeChecks: false } }],
    [
      'on a host that takes no key',
      { keys: { a: [funds()] }, provider: { keys: [{ id: 'a', value: null }] } },
    ],
    [
      'for other cooldowns',
      { keys: { a: [funds(undefined, { class: 'window_exhausted_long' })] } },
    ],
    ['for a key that is gone', { keys: { a: [funds()] }, provider: { keys: [{ id: 'z' }] } }],
  ])('%s', async (_, sketch) => {
    const { pass, called } = world(sketch);
    await pass(60);
    expect(called).toEqual([]);
  });

  it('of a vendor that has no free call', async () => {
    const sketch = world({ keys: { a: [funds()] } });
    const checks = new FreeChecks({ ...sketch.ports, vendorOf });
    for (let turn = 0; turn < 20; turn += 1) {
      await checks.tick();
      sketch.advance(MINUTE);
    }
    expect(sketch.called).toEqual([]);
  });

  it('after it was stopped', async () => {
    const { checks, pass, called } = world({ keys: { a: [funds()] } });
    await checks.stop();
    await pass(60);
    expect(called).toEqual([]);
  });
});
