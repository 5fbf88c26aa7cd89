import { afterEach, describe, expect, it } from 'vitest';
import { startSimulator, type Simulator } from '@keywell/simulator/start-simulator';
import { newConsumerKey } from './support/consumer-keys.ts';
import { eventually, startKeywell, type KeywellProcess } from './support/keywell-process.ts';

const consumer = newConsumerKey();
const ENV = {
  DOMAIN_KEY_A: 'sk-domain-canary-aaaa',
  DOMAIN_KEY_B: 'sk-domain-canary-bbbb',
  DOMAIN_KEY_C: 'sk-domain-canary-cccc',
};

/** Three keys of which the file says nothing; a and b are of one organization. */
const configOf = (baseUrl: string): string => `version: 1
providers:
  - id: openai
    kind: openai
    base_url: '${baseUrl}'
    keys:
      - { id: a, value: 'env:DOMAIN_KEY_A' }
      - { id: b, value: 'env:DOMAIN_KEY_B' }
      - { id: c, value: 'env:DOMAIN_KEY_C' }
pools: [{ id: chat, tiers: [{ targets: [{ provider: openai, model: gpt-5-mini }] }] }]
models: [{ alias: smart, pool: chat }]
consumers:
  - { id: web, key_hash: '${consumer.keyHash}', models: ['*'] }
`;

const started: { simulator: Simulator | null; processes: KeywellProcess[] } = {
  simulator: null,
  processes: [],
};
afterEach(async () => {
  for (const keywell of started.processes.splice(0)) await keywell.dispose();
  await started.simulator?.close();
});

async function aSimulator(): Promise<Simulator> {
  const simulator = await startSimulator({
    profile: {
      organizations: [
        {
          id: 'acme',
          projects: [
            {
              id: 'web',
              keys: [
                { alias: 'a', value: ENV.DOMAIN_KEY_A },
                { alias: 'b', value: ENV.DOMAIN_KEY_B },
              ],
            },
          ],
        },
        { id: 'other', projects: [{ id: 'lab', keys: [{ alias: 'c', value: ENV.DOMAIN_KEY_C }] }] },
      ],
      models: [{ id: 'gpt-5-mini', limits: { requestsPerMinute: 1e6, tokensPerMinute: 1e9 } }],
    },
  });
  started.simulator = simulator;
  return simulator;
}

async function aKeywell(options: Parameters<typeof startKeywell>[0]): Promise<KeywellProcess> {
  const keywell = await startKeywell({ env: ENV, ...options });
  started.processes.push(keywell);
  return keywell;
}

async function call(keywell: KeywellProcess): Promise<number> {
  const response = await fetch(`${keywell.baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${consumer.key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'smart', messages: [{ role: 'user', content: 'hi' }] }),
  });
  await response.arrayBuffer();
  return response.status;
}

interface Listed {
  readonly data: readonly {
    readonly key: string;
    readonly domain: string;
    readonly domain_source: string;
    readonly state: string;
  }[];
}

async function domainsOf(keywell: KeywellProcess): Promise<Record<string, string>> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own API, whose schema has tests of its own
  const { data } = (await (await keywell.admin('/api/v1/keys')).json()) as Listed;
  return Object.fromEntries(
    data.map((each) => [each.key, `${each.domain} ${each.domain_source} ${each.state}`]),
  );
}

describe('two keys of one organization, of which the file says nothing', () => {
  it('share one verdict once their responses have named it, without a second call, across a restart', async () => {
    const simulator = await aSimulator();
    const keywell = await aKeywell({ config: configOf(simulator.url) });
    await eventually(
      'every key to be called and placed',
      async () => {
        expect(await call(keywell)).toBe(200);
        const domains = await domainsOf(keywell);
        return Object.values(domains).every((each) => each.includes('inferred'));
      },
      15_000,
    );
    expect(await domainsOf(keywell)).toEqual({
      a: 'openai/acme/web inferred ready',
      b: 'openai/acme/web inferred ready',
      c: 'openai/other/lab inferred ready',
    });
    await eventually('the move to be logged', () =>
      keywell.output().includes('openai/a: openai/~a → openai/acme/web (inferred)'),
    );
    expect(keywell.output()).not.toContain('sk-domain-canary');
    simulator.set({ fault: 'quota_exhausted', key: 'a' });
    simulator.set({ fault: 'quota_exhausted', key: 'b' });
    const before = simulator.counts().keys;
    for (let turn = 0; turn < 30; turn += 1) expect(await call(keywell)).toBe(200);
    const after = simulator.counts().keys;
    const calls = (alias: string): number =>
      (after[alias]?.calls ?? 0) - (before[alias]?.calls ?? 0);
    // One refusal for the two of them.
    expect(calls('a') + calls('b')).toBe(1);
    expect(calls('c')).toBe(30);
    await keywell.kill();
    const second = await aKeywell({ config: null, dir: keywell.dir, ports: keywell.ports });
    expect(await domainsOf(second)).toEqual({
      a: 'openai/acme/web inferred cooled',
      b: 'openai/acme/web inferred cooled',
      c: 'openai/other/lab inferred ready',
    });
    for (let turn = 0; turn < 10; turn += 1) expect(await call(second)).toBe(200);
    expect(simulator.counts().keys['a']?.calls).toBe(after['a']?.calls);
    expect(simulator.counts().keys['b']?.calls).toBe(after['b']?.calls);
  });
});
