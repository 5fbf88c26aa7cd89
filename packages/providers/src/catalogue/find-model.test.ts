import { describe, expect, it } from 'vitest';
import { capabilitiesOf, priceFrom } from './catalogue-model.ts';
import { allModels, findModel } from './find-model.ts';

const NOW = Date.UTC(2026, 10, 25);
const nameOf = (kind: string, model: string): string | null => {
  const found = findModel(kind, model);
  return found === null ? null : `${found.kind} ${found.model}`;
};

describe('a model by its name', () => {
  it.each([
    ['openai', 'gpt-5', 'openai gpt-5'],
    ['openai', 'GPT-5', 'openai gpt-5'],
    ['openai', 'gpt-5-2025-08-07', 'openai gpt-5'],
    ['openai', 'gpt-4o-2024-05-13', 'openai gpt-4o-2024-05-13'],
    ['anthropic', 'claude-haiku-4-5', 'anthropic claude-haiku-4-5'],
    ['anthropic', 'claude-3-5-haiku-20241022', 'anthropic claude-3-5-haiku-latest'],
    ['vertex', 'claude-opus-4-6@default', 'vertex claude-opus-4-6'],
    ['vertex', 'publishers/google/models/gemini-3.6-flash', 'vertex gemini-3.6-flash'],
    ['gemini', 'models/gemini-2.5-pro', 'gemini gemini-2.5-pro'],
    [
      'bedrock',
      'arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-3-haiku-20240307-v1:0',
      'bedrock anthropic.claude-3-haiku-20240307-v1:0',
    ],
    ['bedrock', 'us.meta.llama3-8b-instruct-v1:0', 'bedrock meta.llama3-8b-instruct-v1:0'],
    ['azure-openai', 'gpt-3.5-turbo-16k', 'openai gpt-3.5-turbo-16k'],
    ['openrouter', 'openai/gpt-5', 'openrouter openai/gpt-5'],
  ])('is found: %s %s', (kind, model, expected) => {
    expect(nameOf(kind, model)).toBe(expected);
  });

  it.each([
    ['openai', 'my-own'],
    ['openai', ''],
    ['openai', 'gpt-5-2025-13-45'],
    ['openai', 'claude-haiku-4-5'],
    ['openai', 'x'.repeat(100_000)],
    ['openai', 'gpt-5\n'],
    ['vllm', 'gpt-5'],
    ['openai-compatible', 'gpt-5'],
    ['', 'gpt-5'],
    ['constructor', '__proto__'],
    ['openrouter', 'constructor/gpt-5'],
  ])('is not guessed: %s %j', (kind, model) => {
    expect(findModel(kind, model)).toBeNull();
  });

  it('of a router is what its vendor says it can do, at a price that only the router knows', () => {
    const routed = findModel('openrouter', 'openai/gpt-5:nitro');
    const own = findModel('openai', 'gpt-5');
    expect(routed).toEqual({ ...own, prices: [], batchPercent: null });
    expect(priceFrom(routed?.prices ?? [], NOW)).toBeNull();
  });
});

describe('what is known of a model', () => {
  it('is its sizes and what it takes, and nothing that was not told', () => {
    const model = findModel('anthropic', 'claude-opus-4-6');
    if (model === null) throw new Error('not there');
    expect(capabilitiesOf(model)).toEqual({
      contextLength: 1_000_000,
      maxOutputTokens: 128_000,
      vision: true,
      audioInput: null,
      files: null,
      tools: true,
      json: true,
      reasoning: true,
    });
  });

  it('is a price with writes for minutes and an hour', () => {
    const model = findModel('anthropic', 'claude-haiku-4-5');
    expect(priceFrom(model?.prices ?? [], NOW)).toEqual({
      inputMicros: 1_000_000,
      cachedInputMicros: 100_000,
      outputMicros: 5_000_000,
      cacheWriteMicros: 1_250_000,
      cacheWriteHourMicros: 2_000_000,
    });
  });

  it('is the price of its time: by the day, by the hour, and by the length of the input', () => {
    const opus = findModel('anthropic', 'claude-opus-4-6')?.prices ?? [];
    expect(priceFrom(opus, Date.UTC(2026, 2, 12))?.longContext).toHaveLength(1);
    expect(priceFrom(opus, Date.UTC(2026, 2, 13))?.longContext).toBeUndefined();
    const flash = priceFrom(findModel('gemini', 'gemini-3.6-flash')?.prices ?? [], NOW);
    expect(flash?.inputMicros).toBe(750_000);
    expect(flash?.changes).toEqual([
      expect.objectContaining({ fromMs: Date.UTC(2027, 0, 1), daily: null }),
    ]);
    const pro = priceFrom(findModel('deepseek', 'deepseek-v4-pro')?.prices ?? [], NOW);
    expect(pro?.inputMicros).toBe(660_000);
    expect(pro?.changes?.map(({ daily }) => daily)).toEqual([
      { startMs: 3_600_000, endMs: 14_400_000 },
      { startMs: 21_600_000, endMs: 36_000_000 },
    ]);
  });

  it('is no price before the first one that holds', () => {
    const later = { fromMs: NOW + 1, daily: null, tariff: ZERO };
    expect(priceFrom([later], NOW)).toBeNull();
    expect(priceFrom([], NOW)).toBeNull();
  });
});

const ZERO = { inputMicros: 0, cachedInputMicros: 0, outputMicros: 0 };

describe('the catalogue', () => {
  const all = allModels();

  it('has a thousand models and more, most of them with a price', () => {
    expect(all.length).toBeGreaterThan(1000);
    expect(all.filter(({ prices }) => prices.length > 0).length).toBeGreaterThan(1000);
    expect(new Set(all.map(({ kind, model }) => `${kind} ${model}`)).size).toBe(all.length);
  });

  it('finds each of its models by its own name', () => {
    const lost = all.filter(({ kind, model }) => findModel(kind, model)?.model !== model);
    // names that differ in nothing but the case of letters are one
    const twice = lost.filter(({ kind, model }) => {
      const same = all.filter(
        (each) => each.kind === kind && each.model.toLowerCase() === model.toLowerCase(),
      );
      return same.length === 1;
    });
    expect(twice).toEqual([]);
  });

  it('has prices that are whole, and none that is free but where the name says so', () => {
    const priced = all.flatMap(({ kind, model, prices }) =>
      prices.map(({ tariff }) => ({ name: `${kind} ${model}`, tariff })),
    );
    const odd = priced.filter(({ tariff }) =>
      [tariff, ...(tariff.longContext ?? [])]
        .flatMap((rates) => Object.values(rates))
        .some((rate) => typeof rate === 'number' && (!Number.isSafeInteger(rate) || rate < 0)),
    );
    expect(odd).toEqual([]);
    const free = priced.filter(({ tariff }) => tariff.inputMicros === 0);
    expect(free.length).toBeGreaterThan(0);
    expect(free.filter(({ name }) => !name.endsWith(':free'))).toEqual([]);
  });

  it('knows models of the vendors that most calls go to', () => {
    const kinds = new Set(all.map(({ kind }) => kind));
    const major =
      'anthropic azure-openai bedrock cerebras cloudflare-workers-ai cohere deepseek fireworks gemini groq huggingface minimax mistral moonshot novita nvidia-nim openai openrouter perplexity together vercel-ai-gateway vertex voyage xai zai zhipu';
    expect(major.split(' ').filter((kind) => !kinds.has(kind))).toEqual([]);
  });
});
