import { planKeys } from '@keywell/core/keys/plan';
import { poolDomainFindings } from '@keywell/core/keys/pool-domains';
import { describe, expect, it } from 'vitest';
import { fingerprintOf } from './compile.ts';
import { diffSnapshots } from './diff.ts';
import { loadConfig } from './load-config.ts';
import { createSecretResolver } from './secret-references.ts';

const HASH = `kwh_${'ab'.repeat(32)}`;
const RULES = ['POST /fine_tuning/jobs', '/vector_stores/**'];
const ONE_ACCOUNT = [
  { id: 'a', value: 'env:A', domain: 'org-1/a' },
  { id: 'b', value: 'env:B', domain: 'org-1/b' },
];

interface More {
  readonly provider?: object;
  readonly consumer?: object;
  readonly pool?: object;
}

function load({ provider, consumer, pool }: More) {
  const value = {
    version: 1,
    providers: [{ id: 'openai', kind: 'openai', keys: ONE_ACCOUNT, ...provider }],
    pools: [
      { id: 'chat', tiers: [{ targets: [{ provider: 'openai', model: 'gpt-5' }] }], ...pool },
    ],
    models: [{ alias: 'smart', pool: 'chat' }],
    consumers: [{ id: 'web', key_hash: HASH, models: ['smart'], ...consumer }],
  };
  return loadConfig(new TextEncoder().encode(JSON.stringify(value)), 'keywell.json', {
    resolveSecret: createSecretResolver({ env: (name) => `sk-${name}`, folder: '/nowhere' }),
    fingerprint: fingerprintOf,
    storedConsumers: [],
    slotOf: () => ({ slot: 0, generation: 1 }),
    version: 1,
    wallNow: 0,
  });
}

function loaded(more: More) {
  const result = load(more);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return { ...result, messages: result.warnings.map(({ message }) => message).join('\n') };
}

function problemsOf(more: More): string {
  const result = load(more);
  return result.ok ? '' : result.problems.map(({ message }) => message).join('\n');
}

describe('what a file opens to be passed through', () => {
  it('is nothing by default', () => {
    const { snapshot } = loaded({});
    expect(snapshot.providers[0]).not.toHaveProperty('passthrough');
    expect(snapshot.consumers[0]?.passthrough).toEqual([]);
    expect(snapshot.pools.map(({ id }) => id)).toEqual(['chat']);
  });

  it('has a pool of the provider’s keys that no model leads to, as patient as its most patient pool', () => {
    const { snapshot } = loaded({
      provider: { passthrough: RULES },
      consumer: { passthrough: ['openai'] },
      pool: { max_wait_ms: 9000 },
    });
    expect(snapshot.pools.map(({ id, maxWaitMs }) => [id, maxWaitMs])).toEqual([
      ['chat', 9000],
      ['passthrough:openai', 9000],
    ]);
    expect(snapshot.models).toEqual([{ alias: 'smart', pool: 'chat' }]);
    expect(snapshot.providers[0]?.passthrough).toEqual(RULES);
    expect(snapshot.consumers[0]?.passthrough).toEqual(['openai']);
    const keys = planKeys(snapshot).pools.get('passthrough:openai')?.tiers[0]?.candidates;
    expect(keys?.map(({ key }) => key.id)).toEqual(['a', 'b']);
    // That all keys are of one account is what a pool of this kind wants.
    expect(poolDomainFindings(snapshot).map(({ pool }) => pool)).toEqual(['chat']);
  });

  it('is a change of the provider and of the consumer, and of no pool', () => {
    const before = loaded({}).snapshot;
    const after = loaded({
      provider: { passthrough: RULES },
      consumer: { passthrough: ['*'] },
    }).snapshot;
    expect(diffSnapshots(before, after).map(({ path }) => path)).toEqual([
      'providers[openai].passthrough',
      'consumers[web].passthrough',
    ]);
    expect(after.hash).not.toBe(before.hash);
  });

  it.each(['fine_tuning', 'GET', '/a/**/b', '/../x', '/a/', 'HEAD /a', '/a?b=c'])(
    'is refused as %j',
    (rule) => {
      expect(problemsOf({ provider: { passthrough: [rule] } })).toMatch(
        /not written as it must be/,
      );
    },
  );

  it('is for keys without a list of models, or with one that says so', () => {
    const keys = [
      { id: 'a', value: 'env:A', domain: 'org-1', models: ['gpt-*'] },
      { id: 'b', value: 'env:B', domain: 'org-1', models: ['gpt-*', 'passthrough'] },
    ];
    const { snapshot } = loaded({ provider: { passthrough: RULES, keys } });
    const candidates = planKeys(snapshot).pools.get('passthrough:openai')?.tiers[0]?.candidates;
    expect(candidates?.map(({ key }) => key.id)).toEqual(['b']);
    expect(problemsOf({ provider: { passthrough: RULES, keys: keys.slice(0, 1) } })).toMatch(
      /none serves what is passed through/,
    );
  });

  it('is warned of where it may go to several accounts', () => {
    const keys = ONE_ACCOUNT.map(({ id, value }) => ({ id, value }));
    expect(loaded({ provider: { passthrough: RULES, keys } }).messages).toMatch(/2 accounts/);
    expect(loaded({ provider: { passthrough: RULES } }).messages).not.toMatch(/accounts, and/);
  });

  it('is warned of where Keywell has a route of its own', () => {
    const passthrough = [
      '/chat/completions',
      'GET /files/**',
      '/responses/*',
      '/**',
      '/assistants',
    ];
    const result = loaded({ provider: { passthrough } });
    const warned = result.warnings.filter(({ message }) => message.includes('route of its own'));
    expect(warned.map(({ path }) => path)).toEqual(
      [0, 1, 2].map((at) => `providers[0].passthrough[${at}]`),
    );
  });

  it('is asked for by consumers of providers that there are, and that open something', () => {
    expect(problemsOf({ consumer: { passthrough: ['opena'] } })).toMatch(/no provider "opena"/);
    expect(loaded({ consumer: { passthrough: ['openai'] } }).messages).toMatch(/nothing open/);
    const budget = { amount_usd: 1, period: 'day' };
    expect(
      loaded({ provider: { passthrough: RULES }, consumer: { passthrough: ['*'], budget } })
        .messages,
    ).toMatch(/has a budget/);
  });
});
