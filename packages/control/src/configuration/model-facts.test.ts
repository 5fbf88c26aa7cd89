import { type CatalogueConfig, configSchema } from '@keywell/contract/config/config-schema';
import { tariffAt } from '@keywell/core/budgets/cost';
import { UNKNOWN_CAPABILITIES } from '@keywell/core/snapshot/snapshot';
import { describe, expect, it } from 'vitest';
import { fingerprintOf } from './compile.ts';
import { loadConfig } from './load-config.ts';
import { modelFacts } from './model-facts.ts';
import { createSecretResolver } from './secret-references.ts';

const NOW = Date.UTC(2026, 10, 25);
const OPENAI = { id: 'main', kind: 'openai' };
const LOCAL = { id: 'local', kind: 'vllm' };
const PRICE = { input: 2, output: 8 };
const MICROS = { inputMicros: 2_000_000, cachedInputMicros: 2_000_000, outputMicros: 8_000_000 };

const factsOf = (
  catalogue: readonly CatalogueConfig[],
  provider: { id: string; kind: string },
  model: string,
  wallNow = NOW,
) => modelFacts([...catalogue], wallNow)(provider, model);

describe('what is known of a model', () => {
  it('is what the catalogue says where the file says nothing', () => {
    const { price, capabilities } = factsOf([], OPENAI, 'gpt-5');
    expect(price).toMatchObject({ inputMicros: 1_250_000, outputMicros: 10_000_000 });
    expect(capabilities).toMatchObject({ contextLength: 400_000, vision: true, tools: true });
    expect(factsOf([], LOCAL, 'mine')).toEqual({
      price: null,
      capabilities: UNKNOWN_CAPABILITIES,
    });
  });

  it('has the share for batches of the price that is listed, and of no other', () => {
    const [kind, model] = ['anthropic', 'claude-3-5-haiku-latest'];
    const provider = { id: 'main', kind };
    expect(factsOf([], provider, model).price).toMatchObject({ batchPercent: 50 });
    const limited = { model: '*', tools: false };
    expect(factsOf([limited], provider, model).price).toMatchObject({ batchPercent: 50 });
    const later = { model: '*', price: PRICE, from: '2027-01-01' };
    expect(factsOf([later], provider, model).price).not.toHaveProperty('batchPercent');
    expect(factsOf([{ model: '*', price: PRICE }], provider, model).price).toEqual(MICROS);
  });

  it('is what the file says, for a provider, a kind or everywhere, the later entry over the earlier', () => {
    const everywhere = { model: '*', price: { input: 1, output: 1 }, tools: false };
    const kind = { provider: 'openai', model: 'gpt-*', price: PRICE, context_length: 1000 };
    const provider = { provider: 'main', model: 'gpt-5', context_length: 2000, files: true };
    const { price, capabilities } = factsOf([everywhere, kind, provider], OPENAI, 'gpt-5');
    expect(price).toEqual(MICROS);
    expect(capabilities).toMatchObject({
      contextLength: 2000,
      tools: false,
      files: true,
      vision: true,
    });
    const other = factsOf([everywhere, kind, provider], LOCAL, 'gpt-5');
    expect(other.price?.inputMicros).toBe(1_000_000);
    expect(other.capabilities).toEqual({ ...UNKNOWN_CAPABILITIES, tools: false });
  });

  it('is a price from its day on, and the one before it until then', () => {
    const entries = [{ model: 'gpt-5', from: '2026-12-01', price: PRICE }];
    const day = Date.UTC(2026, 11, 1);
    const before = factsOf(entries, OPENAI, 'gpt-5').price;
    if (before === null) throw new Error('no price');
    expect(before.inputMicros).toBe(1_250_000);
    expect(tariffAt(before, day - 1).inputMicros).toBe(1_250_000);
    expect(tariffAt(before, day)).toEqual(MICROS);
    expect(factsOf(entries, OPENAI, 'gpt-5', day).price).toEqual(MICROS);
    // where there was none, there is none until then: not 0
    expect(factsOf([{ ...entries[0], model: '*' }], LOCAL, 'mine').price).toBeNull();
  });

  it('has nothing of an earlier price left in it, by the hour neither', () => {
    const deepseek = { id: 'd', kind: 'deepseek' };
    expect(factsOf([], deepseek, 'deepseek-v4-pro').price?.changes).toHaveLength(2);
    const entries = [{ model: 'deepseek-*', price: PRICE }];
    expect(factsOf(entries, deepseek, 'deepseek-v4-pro').price).toEqual(MICROS);
    const dated = [{ model: 'deepseek-*', from: '2026-11-01', price: PRICE }];
    expect(factsOf(dated, deepseek, 'deepseek-v4-pro').price).toEqual(MICROS);
  });

  it('may price every kind of token, and long inputs in any order', () => {
    const price = {
      ...PRICE,
      cached_input: 0.2,
      cache_write: 2.5,
      cache_write_hour: 4,
      reasoning: 9,
      audio_input: 10,
      audio_output: 11,
      image_input: 12,
      image_output: 13,
      per_call: 0.005,
      long_context: [
        { above_tokens: 500, input: 6, output: 24 },
        { above_tokens: 100, input: 4, output: 16, cached_input: 0.4 },
      ],
    };
    expect(factsOf([{ model: 'mine', price }], LOCAL, 'mine').price).toEqual({
      inputMicros: 2_000_000,
      cachedInputMicros: 200_000,
      outputMicros: 8_000_000,
      cacheWriteMicros: 2_500_000,
      cacheWriteHourMicros: 4_000_000,
      reasoningMicros: 9_000_000,
      audioInputMicros: 10_000_000,
      audioOutputMicros: 11_000_000,
      imageInputMicros: 12_000_000,
      imageOutputMicros: 13_000_000,
      callMicros: 5000,
      longContext: [
        {
          aboveInputTokens: 100,
          inputMicros: 4_000_000,
          cachedInputMicros: 400_000,
          outputMicros: 16_000_000,
        },
        {
          aboveInputTokens: 500,
          inputMicros: 6_000_000,
          cachedInputMicros: 6_000_000,
          outputMicros: 24_000_000,
        },
      ],
    });
  });
});

const file = (catalogue: unknown, target: object = {}): object => ({
  version: 1,
  providers: [{ id: 'main', kind: 'openai', keys: [{ id: 'a', value: 'env:KEY' }] }],
  pools: [{ id: 'chat', tiers: [{ targets: [{ provider: 'main', model: 'gpt-5', ...target }] }] }],
  models: [{ alias: 'smart', pool: 'chat' }],
  catalogue,
});

const load = (value: object) =>
  loadConfig(new TextEncoder().encode(JSON.stringify(value)), 'keywell.json', {
    resolveSecret: createSecretResolver({ env: () => 'sk-a', folder: '/nowhere' }),
    fingerprint: fingerprintOf,
    storedConsumers: [],
    slotOf: () => ({ slot: 0, generation: 1 }),
    version: 1,
    wallNow: NOW,
  });

describe('the catalogue of a file', () => {
  it('is weaker than what a target says itself', () => {
    const entry = { model: 'gpt-5', price: PRICE, context_length: 1000 };
    const own = { price: { input: 3, output: 3 }, context_length: 500 };
    const loaded = [load(file([entry])), load(file([entry], own))];
    const targets = loaded.map((each) => {
      if (!each.ok) throw new Error(JSON.stringify(each.problems));
      return each.snapshot.pools[0]?.tiers[0]?.targets[0];
    });
    expect(targets).toMatchObject([
      { price: MICROS, contextLength: 1000, capabilities: { contextLength: 1000, tools: true } },
      {
        price: { inputMicros: 3_000_000 },
        contextLength: 500,
        capabilities: { contextLength: 500 },
      },
    ]);
  });

  it.each([
    [{ model: 'gpt-5', provider: 'opnai' }, /no provider and no kind "opnai"/, /"openai"/],
    [{ model: 'gpt-5', from: '2026-13-01' }, /from/, /2026-12-01/],
    [{ model: 'gpt-5', from: 'tomorrow' }, /from/, /2026-12-01/],
    [{ model: 'gpt 5' }, /model/, /gpt/],
    [{ model: 'gpt-5', price: { input: -1, output: 1 } }, /input/, /1\.25/],
    [{ model: 'gpt-5', price: { input: 1 } }, /output/, /1\.25/],
    [{ model: 'gpt-5', colour: 'red' }, /colour/, /price/],
    [{ price: PRICE }, /model/, /gpt/],
  ])('is refused with what would be right: %j', (entry, message, hint) => {
    const result = load(file([entry]));
    expect(result.ok).toBe(false);
    const [problem] = result.ok ? [] : result.problems;
    expect(problem?.message).toMatch(message);
    expect(problem?.hint).toMatch(hint);
    expect(problem?.path).toMatch(/^catalogue\[0\]/);
  });

  it('is empty in a file of before', () => {
    const { catalogue: _, ...old } = configSchema.parse(file([]));
    expect(configSchema.parse(old).catalogue).toEqual([]);
  });
});
