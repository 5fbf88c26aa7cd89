import { describe, expect, it } from 'vitest';
import { fingerprintOf } from './compile.ts';
import { loadConfig } from './load-config.ts';
import { createSecretResolver } from './secret-references.ts';

const HASH = `kwh_${'ab'.repeat(32)}`;

function load(more: { provider?: object; pool?: object; consumer?: object; root?: object }) {
  const value = {
    version: 1,
    providers: [
      {
        id: 'local',
        kind: 'openai-compatible',
        base_url: 'http://127.0.0.1:1/v1',
        keys: [{ id: 'a' }],
        ...more.provider,
      },
    ],
    pools: [
      { id: 'chat', tiers: [{ targets: [{ provider: 'local', model: 'llama' }] }], ...more.pool },
    ],
    models: [{ alias: 'smart', pool: 'chat' }],
    consumers: [{ id: 'web', key_hash: HASH, models: ['smart'], ...more.consumer }],
    ...more.root,
  };
  return loadConfig(new TextEncoder().encode(JSON.stringify(value)), 'keywell.json', {
    resolveSecret: createSecretResolver({ env: () => undefined, folder: '/nowhere' }),
    fingerprint: fingerprintOf,
    storedConsumers: [],
    slotOf: () => ({ slot: 0, generation: 1 }),
    version: 1,
    wallNow: Date.UTC(2026, 10, 25),
  });
}

function loaded(more: Parameters<typeof load>[0]) {
  const result = load(more);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return { ...result, messages: result.warnings.map(({ message }) => message).join('\n') };
}

describe('what a file says of calls', () => {
  it('is nothing by default: no budget, no second attempt, no continuation, no replay', () => {
    const { snapshot, messages } = loaded({});
    expect(snapshot.consumers[0]?.budget).toBeNull();
    expect(snapshot.pools[0]).toMatchObject({ hedge: null, continuation: false });
    expect(snapshot.idempotency.enabled).toBe(false);
    expect(snapshot.providers[0]).not.toHaveProperty('prefill');
    expect(messages).toBe('');
  });

  it('is a budget in whole micros, whatever fraction of a dollar it is', () => {
    for (const [amount, micros] of [
      [1, 1_000_000],
      [0.1, 100_000],
      [19.99, 19_990_000],
    ] as const) {
      const consumer = { budget: { amount_usd: amount, period: 'month' } };
      const { snapshot } = loaded({ consumer });
      expect(snapshot.consumers[0]?.budget).toEqual({ amountMicros: micros, period: 'month' });
    }
  });

  it.each([
    [{ consumer: { budget: { amount_usd: 0, period: 'day' } } }],
    [{ consumer: { budget: { amount_usd: -1, period: 'day' } } }],
    [{ consumer: { budget: { amount_usd: 1, period: 'week' } } }],
    [{ consumer: { budget: { amount_usd: 1 } } }],
    [{ pool: { hedge: { token_share: 0.9 } } }],
    [{ pool: { hedge: true } }],
    [{ provider: { prefill: 'yes' } }],
    [{ root: { idempotency: { ttl_ms: 0 } } }],
  ])('is refused when it cannot be: %j', (more) => {
    expect(load(more).ok).toBe(false);
  });

  it('warns of a budget whose calls would be refused for want of a price', () => {
    const consumer = { budget: { amount_usd: 1, period: 'day' } };
    expect(loaded({ consumer }).messages).toMatch(/"smart" will be refused: the price/);
    expect(loaded({ consumer: { ...consumer, models: [] } }).messages).not.toMatch(/price/);
  });

  it('warns of a continuation where no host is known to go on, and not where one is', () => {
    const pool = { continuation: true };
    expect(loaded({ pool }).messages).toMatch(/never continued at the provider "local"/);
    const { snapshot, messages } = loaded({ pool, provider: { prefill: 'prefix' } });
    expect(messages).toBe('');
    expect(snapshot.providers[0]?.prefill).toBe('prefix');
  });

  it('fills in what a hedge leaves open', () => {
    expect(loaded({ pool: { hedge: {} } }).snapshot.pools[0]?.hedge).toEqual({
      tokenShare: 0.05,
      leastMs: 1000,
    });
  });
});
