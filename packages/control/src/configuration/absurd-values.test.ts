import { describe, expect, it } from 'vitest';
import { tariffAt } from '@keywell/core/budgets/cost';
import type { Snapshot } from '@keywell/core/snapshot/snapshot';
import { fingerprintOf } from './compile.ts';
import { loadConfig, type LoadedConfig } from './load-config.ts';
import { createSecretResolver } from './secret-references.ts';

const NOW = Date.UTC(2026, 10, 25);

/** A file with this target and this entry of the catalogue, in the flow style of YAML. */
function load({ target = '', entry = '' }: { target?: string; entry?: string }): LoadedConfig {
  const text = `version: 1
providers: [{ id: openai, kind: openai, keys: [{ id: a, value: 'env:KEY' }] }]
pools: [{ id: chat, tiers: [{ targets: [{ provider: openai, model: mine${target} }] }] }]
models: [{ alias: smart, pool: chat }]
${entry === '' ? '' : `catalogue: [{ model: mine${entry} }]`}
`;
  return loadConfig(new TextEncoder().encode(text), 'keywell.yaml', {
    resolveSecret: createSecretResolver({ env: () => 'sk-aaaa', folder: '/nowhere' }),
    fingerprint: fingerprintOf,
    storedConsumers: [],
    slotOf: () => ({ slot: 0, generation: 1 }),
    version: 1,
    wallNow: NOW,
  });
}

function loaded(parts: { target?: string; entry?: string }): Snapshot {
  const result = load(parts);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.snapshot;
}

const priceIn = (entry: string) => loaded({ entry }).pools[0]?.tiers[0]?.targets[0]?.price ?? null;

/** No number of dollars, whoever writes it. */
const NO_PRICES = [
  '-1',
  '-0.000001',
  '.nan',
  '.inf',
  '-.inf',
  '1e400',
  '-1e400',
  '1e7',
  '"2"',
  'null',
  'true',
  '[1]',
  '0x',
  '1_000',
];
/** No number of tokens. */
const NO_COUNTS = ['0', '-1', '.nan', '.inf', '1e400', '1e9', '1.5', '"100"', 'null', 'true'];
const NO_DAYS = [
  '2026-02-30',
  '2026-13-01',
  '2026-1-1',
  'tomorrow',
  '20261201',
  '2026-12-01T00:00:00Z',
  '.nan',
  '0',
  '9999999-01-01',
  '""',
  'null',
];

describe('an absurd value', () => {
  it.each(NO_PRICES)('%s is no price, in a target or the catalogue', (value) => {
    for (const [parts, path] of [
      [
        { target: `, price: { input: ${value}, output: 1 }` },
        'pools[0].tiers[0].targets[0].price.input',
      ],
      [{ entry: `, price: { input: 1, output: ${value} }` }, 'catalogue[0].price.output'],
      [
        { entry: `, price: { input: 1, output: 1, cached_input: ${value} }` },
        'catalogue[0].price.cached_input',
      ],
      [
        {
          entry: `, price: { input: 1, output: 1, long_context: [{ above_tokens: 9, input: ${value}, output: 1 }] }`,
        },
        'catalogue[0].price.long_context[0].input',
      ],
    ] as const) {
      expect(load(parts)).toMatchObject({ ok: false, problems: [{ path }] });
    }
  });

  it.each(NO_COUNTS)('%s is no number of tokens', (value) => {
    for (const [parts, path] of [
      [{ target: `, context_length: ${value}` }, 'pools[0].tiers[0].targets[0].context_length'],
      [{ entry: `, context_length: ${value}` }, 'catalogue[0].context_length'],
      [{ entry: `, max_output_tokens: ${value}` }, 'catalogue[0].max_output_tokens'],
    ] as const) {
      expect(load(parts)).toMatchObject({ ok: false, problems: [{ path }] });
    }
  });

  it.each(NO_DAYS)('%s is no day', (value) => {
    const parts = { entry: `, from: ${value}, price: { input: 1, output: 1 }` };
    expect(load(parts)).toMatchObject({ ok: false, problems: [{ path: 'catalogue[0].from' }] });
  });

  it('is told with what would be right, and never quoted', () => {
    const result = load({ entry: ', price: { input: -777777, output: 1 }' });
    const [problem] = result.ok ? [] : result.problems;
    expect(problem?.hint).toContain('a decimal number such as 1.25');
    expect(JSON.stringify(problem)).not.toContain('777777');
  });
});

describe('an odd value that means something', () => {
  it('is a price of nothing, whichever sign its zero has', () => {
    const price = priceIn(', price: { input: -0, output: 0.0 }');
    expect(price?.inputMicros === 0 && price.outputMicros === 0).toBe(true);
  });

  it('is a day long past, whose price holds, or far off, whose price does not hold yet', () => {
    expect(priceIn(', from: 0001-01-01, price: { input: 2, output: 8 }')).toMatchObject({
      inputMicros: 2_000_000,
    });
    const later = ', from: 9999-12-31, price: { input: 2, output: 8 }';
    expect(priceIn(later)).toBeNull();
    const result = load({ entry: `, price: { input: 1, output: 1 } }, { model: mine${later}` });
    const price = result.ok ? result.snapshot.pools[0]?.tiers[0]?.targets[0]?.price : null;
    if (price === null || price === undefined) throw new Error('no price');
    expect(tariffAt(price, NOW).inputMicros).toBe(1_000_000);
    expect(tariffAt(price, Date.UTC(9999, 11, 31)).inputMicros).toBe(2_000_000);
  });

  it('is an output longer than the context, which is all that bounds a call then', () => {
    const snapshot = loaded({ entry: ', context_length: 10, max_output_tokens: 100000000' });
    const [target] = snapshot.pools[0]?.tiers[0]?.targets ?? [];
    expect(target).toMatchObject({
      contextLength: 10,
      capabilities: { contextLength: 10, maxOutputTokens: 100_000_000 },
    });
  });
});
