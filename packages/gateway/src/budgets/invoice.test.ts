import type { Verdict } from '@keywell/core/keys/verdict';
import { SUCCESS, UNJUDGED } from '@keywell/core/keys/verdict';
import type { TokenUsage } from '@keywell/core/log/request-record';
import { tokenUsage } from '@keywell/core/log/token-usage';
import type { TokenPrice } from '@keywell/core/snapshot/snapshot';
import { priceFrom } from '@keywell/providers/catalogue/catalogue-model';
import { CATALOGUE_LINES } from '@keywell/providers/catalogue/catalogue-data';
import { findModel } from '@keywell/providers/catalogue/find-model';
import { seededRandom } from '@keywell/testkit/seeded-random';
import { describe, expect, it } from 'vitest';
import { createMetricCells, Meter } from '../telemetry/meter.ts';
import { METRIC_CELLS, offsetOf } from '../telemetry/metric-table.ts';
import { bookAttempt } from './attempt-cost.ts';
import type { AttemptEnd } from './spend-hold.ts';

const CALLS = 10_000;
const START = Date.UTC(2026, 10, 25);
const WEEKS = 8 * 7 * 86_400_000;
const BODY = new Uint8Array(1203);

/** With dates, hours of the day, long contexts, two kinds of cache writes, audio, a price for the call; and without any price. */
const MODELS: readonly (readonly [kind: string, model: string])[] = [
  ['openai', 'gpt-5'],
  ['openai', 'gpt-audio'],
  ['openai', 'gpt-image-1'],
  ['openai', 'gpt-5.4'],
  ['openai', 'text-embedding-3-small'],
  ['anthropic', 'claude-haiku-4-5'],
  ['anthropic', 'claude-opus-4-6'],
  ['gemini', 'gemini-2.5-pro'],
  ['gemini', 'gemini-3.6-flash'],
  ['gemini', 'gemini-2.5-flash-image'],
  ['deepseek', 'deepseek-v4-pro'],
  ['perplexity', 'sonar'],
  ['openrouter', 'perplexity/sonar-deep-research'],
  ['bedrock', 'amazon.nova-2-sonic-v1:0'],
  ['openrouter', 'deepseek/deepseek-r1:free'],
  ['vllm', 'my-own'],
];

/** A line of the data, read by the test itself. */
interface Written {
  readonly kind: string;
  readonly model: string;
  readonly prices?: readonly {
    readonly from?: string;
    readonly utc?: readonly [number, number];
    readonly rates: Rates;
    readonly above?: readonly (readonly [number, Rates])[];
  }[];
}
type Rates = Readonly<Record<string, number>>;

const WRITTEN = new Map(
  CATALOGUE_LINES.split('\n')
    .filter((line) => line !== '')
    .map((line): Written => JSON.parse(line))
    .map((line) => [`${line.kind} ${line.model}`, line]),
);

const random = seededRandom(20_261_125);
const upTo = (most: number): number => Math.floor(random() * (most + 1));
const pick = <T>(of: readonly T[]): T => {
  const picked = of[upTo(of.length - 1)];
  if (picked === undefined) throw new Error('nothing to pick from');
  return picked;
};

function someUsage(): TokenUsage {
  const inputTokens = pick([0, 1, upTo(5000), upTo(400_000)]);
  const outputTokens = pick([0, 1, upTo(3000), upTo(60_000)]);
  const cachedTokens = pick([0, 0, upTo(inputTokens)]);
  const cacheWriteTokens = pick([0, 0, upTo(inputTokens - cachedTokens)]);
  const left = inputTokens - cachedTokens - cacheWriteTokens;
  const audioInputTokens = pick([0, 0, upTo(left)]);
  const reasoningTokens = pick([0, upTo(outputTokens)]);
  const audioOutputTokens = pick([0, 0, upTo(outputTokens - reasoningTokens)]);
  return tokenUsage({
    inputTokens,
    outputTokens,
    cachedTokens,
    cacheWriteTokens,
    cacheWriteHourTokens: pick([0, upTo(cacheWriteTokens)]),
    reasoningTokens,
    audioInputTokens,
    audioOutputTokens,
    imageInputTokens: pick([0, upTo(left - audioInputTokens)]),
    imageOutputTokens: pick([0, upTo(outputTokens - reasoningTokens - audioOutputTokens)]),
    estimated: false,
  });
}

const verdictOf = (more: Partial<Verdict>): Verdict => ({ ...UNJUDGED, ...more });

/** How an attempt ended, and the usage that is to be paid for; null: nothing. */
function someEnd(): { readonly end: AttemptEnd; readonly paid: TokenUsage | null } {
  const usage = someUsage();
  const estimated = { ...usage, estimated: true };
  // what 1203 bytes are taken for, where nothing was told
  const least = tokenUsage({ inputTokens: 301, estimated: true });
  const ends: readonly (readonly [number, AttemptEnd, TokenUsage | null])[] = [
    [70, { result: { kind: 'answered' }, status: 200, verdict: SUCCESS, sent: true, usage }, usage],
    [
      10,
      { result: { kind: 'left' }, status: 200, verdict: UNJUDGED, sent: true, usage: estimated },
      estimated,
    ],
    [
      5,
      { result: { kind: 'interrupted' }, status: 200, verdict: UNJUDGED, sent: true, usage },
      usage,
    ],
    [5, { result: { kind: 'left' }, status: 0, verdict: UNJUDGED, sent: true, usage: null }, least],
    [5, { result: { kind: 'left' }, status: 0, verdict: UNJUDGED, sent: false, usage: null }, null],
    [
      5,
      {
        result: { kind: 'failed' },
        status: 0,
        verdict: verdictOf({ class: 'ambiguous_accept' }),
        sent: true,
        usage: null,
      },
      least,
    ],
  ];
  let place = random() * 100;
  for (const [weight, end, paid] of ends) {
    place -= weight;
    if (place < 0) return { end, paid };
  }
  const refused = verdictOf({ class: 'window_exhausted_short' });
  return {
    end: { result: { kind: 'failed' }, status: 429, verdict: refused, sent: true, usage: null },
    paid: null,
  };
}

/** The bill of an attempt, in whole numbers from the price table itself. */
function billed(written: Written | undefined, usage: TokenUsage, sentAt: number): bigint | null {
  const day = new Date(sentAt).toISOString().slice(0, 10);
  const minute = (sentAt % 86_400_000) / 60_000;
  const tariff = (written?.prices ?? []).findLast(({ from, utc }) => {
    if (from !== undefined && day < from) return false;
    return utc === undefined || (minute >= utc[0] && minute < utc[1]);
  });
  if (tariff === undefined) return null;
  const long = (tariff.above ?? []).findLast(([above]) => usage.inputTokens > above);
  const rates = long === undefined ? tariff.rates : long[1];
  const rate = (...names: readonly string[]): bigint => {
    const found = names.map((name) => rates[name]).find((each) => each !== undefined);
    return BigInt(found ?? 0);
  };
  const count = (tokens: number): bigint => BigInt(tokens);
  const media = usage.audioInputTokens + usage.imageInputTokens;
  const spoken = usage.reasoningTokens + usage.audioOutputTokens + usage.imageOutputTokens;
  const millionths =
    count(usage.inputTokens - usage.cachedTokens - usage.cacheWriteTokens - media) * rate('in') +
    count(usage.cachedTokens) * rate('cached', 'in') +
    count(usage.cacheWriteTokens - usage.cacheWriteHourTokens) * rate('write', 'in') +
    count(usage.cacheWriteHourTokens) * rate('write1h', 'write', 'in') +
    count(usage.audioInputTokens) * rate('audioIn', 'in') +
    count(usage.imageInputTokens) * rate('imageIn', 'in') +
    count(usage.outputTokens - spoken) * rate('out') +
    count(usage.reasoningTokens) * rate('reasoning', 'out') +
    count(usage.audioOutputTokens) * rate('audioOut', 'out') +
    count(usage.imageOutputTokens) * rate('imageOut', 'out') +
    rate('call') * 1_000_000n;
  return (millionths + 999_999n) / 1_000_000n;
}

describe('the invoice of ten thousand calls', () => {
  const cells = createMetricCells(1);
  const plane = { meter: new Meter(cells, 0) };
  const counted = (name: 'cost' | 'costUnknown', series = 0): number =>
    new Float64Array(cells, 0, METRIC_CELLS)[offsetOf(name) + series] ?? 0;
  // as a snapshot compiled at the start has them
  const prices = new Map<string, TokenPrice | null>(
    MODELS.map(([kind, model]) => [
      `${kind} ${model}`,
      priceFrom(findModel(kind, model)?.prices ?? [], START),
    ]),
  );

  it('is what the price table says, to the micro', () => {
    let [sum, bill, reported, unknown, estimated] = [0n, 0n, 0n, 0, 0];
    for (let call = 0; call < CALLS; call += 1) {
      const exchange: Parameters<typeof bookAttempt>[0] = {
        id: 'req_1',
        operation: 'chat.completions',
        conversation: null,
        contentType: null,
        facts: null,
        translation: null,
        wallStartedAt: 0,
        asks: null,
        spend: null,
        batch: null,
        body: BODY,
        costMicros: 0,
        costEstimated: false,
      };
      let expected: bigint | null = 0n;
      let isEstimated = false;
      for (let attempt = upTo(2); attempt >= 0; attempt -= 1) {
        const name = pick(MODELS).join(' ');
        const sentAt = START + upTo(WEEKS);
        const { end, paid } = someEnd();
        const price = prices.get(name) ?? null;
        const cost = bookAttempt(exchange, plane, { price, end, sentAt });
        const due = paid === null ? 0n : billed(WRITTEN.get(name), paid, sentAt);
        expect(cost.micros === null ? null : BigInt(cost.micros), `call ${call}, ${name}`).toBe(
          due,
        );
        if (due === null) unknown += 1;
        else if (paid?.estimated === false) reported += due;
        isEstimated ||= paid?.estimated === true && due !== null;
        expected = expected === null || due === null ? null : expected + due;
        bill += due ?? 0n;
        sum += BigInt(cost.micros ?? 0);
      }
      expect(exchange.costMicros === null ? null : BigInt(exchange.costMicros)).toBe(expected);
      expect(exchange.costEstimated).toBe(isEstimated);
      if (isEstimated) estimated += 1;
    }
    expect(sum).toBe(bill);
    expect(sum).toBeGreaterThan(1_000_000n);
    expect(BigInt(counted('cost', 0))).toBe(reported);
    expect(BigInt(counted('cost', 0) + counted('cost', 1))).toBe(bill);
    expect(counted('costUnknown')).toBe(unknown);
    expect(Math.min(unknown, estimated)).toBeGreaterThan(500);
  });

  it('is made of prices of every kind', () => {
    const all = [...prices.values()].flatMap((price) => (price === null ? [] : [price]));
    const names = new Set(all.flatMap((price) => Object.keys(price)));
    for (const name of [
      'longContext',
      'changes',
      'cacheWriteMicros',
      'cacheWriteHourMicros',
      'reasoningMicros',
      'audioInputMicros',
      'audioOutputMicros',
      'imageInputMicros',
      'imageOutputMicros',
      'callMicros',
    ])
      expect(names).toContain(name);
    expect(prices.get('vllm my-own')).toBeNull();
  });
});
