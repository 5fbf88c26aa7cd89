import type { LimitObservation } from '@keywell/core/keys/limit-observation';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { vendorKinds, vendorOf } from './registry.ts';

const DATE = 'Mon, 23 Nov 2026 12:00:00 GMT';

function read(kind: string, fields: Record<string, string>): readonly Partial<LimitObservation>[] {
  const observations = vendorOf(kind)?.readLimits((name) => fields[name]) ?? [];
  return observations.map(({ source, ...rest }) => {
    expect(source).toBe('header');
    return rest;
  });
}

const ODD_VALUES = [
  '-1',
  '0',
  '1e400',
  'NaN',
  'Infinity',
  '9'.repeat(400),
  '50%',
  '-3%',
  'yes',
  '2m59.56s',
  '9999-12-31T23:59:59Z',
  'Fri, 31 Dec 9999 23:59:59 GMT',
  '1795478400000',
  '1795478400',
  '-5s',
  '0x10',
  ' 7 ',
  DATE,
];

const CONTINUOUS = { reset: 'full_again', refill: 'continuous' } as const;
const WINDOW = { reset: 'window_end', refill: 'window' } as const;

describe('limit headers', () => {
  it('of Anthropic tell four dimensions by RFC 3339, with fractions and offsets', () => {
    const names = ['requests', 'tokens', 'input-tokens', 'output-tokens'];
    const fields = Object.fromEntries(
      names.flatMap((name, index) => [
        [`anthropic-ratelimit-${name}-limit`, String(1000 * (index + 1))],
        [`anthropic-ratelimit-${name}-remaining`, String(10 * index)],
        [`anthropic-ratelimit-${name}-reset`, '2026-11-23T13:00:30.5+01:00'],
      ]),
    );
    const dimensions = [
      'requests_minute',
      'tokens_minute',
      'input_tokens_minute',
      'output_tokens_minute',
    ];
    expect(read('anthropic', { date: DATE, ...fields })).toEqual(
      dimensions.map((dimension, index) => ({
        dimension,
        limit: 1000 * (index + 1),
        remaining: 10 * index,
        resetInMs: 30_500,
        ...CONTINUOUS,
      })),
    );
  });

  it("of Anthropic's subscriptions are shares of a limit of 1, the tightest window kept", () => {
    const fields = {
      date: DATE,
      'anthropic-ratelimit-unified-5h-utilization': '0.42',
      'anthropic-ratelimit-unified-5h-reset': String(Date.UTC(2026, 10, 23, 14) / 1000),
      'anthropic-ratelimit-unified-7d-utilization': '0.9',
      'anthropic-ratelimit-unified-7d-reset': String(Date.UTC(2026, 10, 25, 12) / 1000),
    };
    const [only, ...more] = read('anthropic', fields);
    expect(more).toEqual([]);
    expect(only).toMatchObject({
      dimension: 'unknown',
      limit: 1,
      resetInMs: 48 * 3_600_000,
      ...WINDOW,
    });
    expect(only?.remaining).toBeCloseTo(0.1);
    const over = { ...fields, 'anthropic-ratelimit-unified-7d-utilization': '1.07' };
    expect(read('anthropic', over)[0]?.remaining).toBe(0);
  });

  it('of Groq count requests by the day and tokens by the minute', () => {
    const fields = {
      'x-ratelimit-limit-requests': '14400',
      'x-ratelimit-remaining-requests': '14370',
      'x-ratelimit-reset-requests': '2m59.56s',
      'x-ratelimit-limit-tokens': '18000',
      'x-ratelimit-remaining-tokens': '17997',
      'x-ratelimit-reset-tokens': '7.66s',
    };
    expect(read('groq', fields)).toEqual([
      {
        dimension: 'requests_day',
        limit: 14_400,
        remaining: 14_370,
        resetInMs: 179_560,
        ...CONTINUOUS,
      },
      {
        dimension: 'tokens_minute',
        limit: 18_000,
        remaining: 17_997,
        resetInMs: 7660,
        ...CONTINUOUS,
      },
    ]);
  });

  it('of Cerebras end with the minute and the day, in float seconds', () => {
    const fields = {
      'x-ratelimit-limit-requests-day': '1000000000',
      'x-ratelimit-remaining-requests-day': '999997455',
      'x-ratelimit-reset-requests-day': '33011.382867',
      'x-ratelimit-limit-tokens-minute': '1000000000',
      'x-ratelimit-remaining-tokens-minute': '999950704',
      'x-ratelimit-reset-tokens-minute': '11.382866',
    };
    expect(read('cerebras', fields)).toEqual([
      {
        dimension: 'requests_day',
        limit: 1e9,
        remaining: 999_997_455,
        resetInMs: 33_011_382.867,
        ...WINDOW,
      },
      {
        dimension: 'tokens_minute',
        limit: 1e9,
        remaining: 999_950_704,
        resetInMs: 11_382.866,
        ...WINDOW,
      },
    ]);
  });

  it('of Mistral count a minute and a month, and by size', () => {
    const fields = {
      'x-ratelimit-limit-req-minute': '50',
      'x-ratelimit-remaining-req-minute': '49',
      'x-ratelimit-limit-tokens-minute': '50000',
      'x-ratelimit-remaining-tokens-minute': '47300',
      'x-ratelimit-limit-tokens-month': '4000000',
      'x-ratelimit-remaining-tokens-month': '0',
      'ratelimitbysize-limit': '500000',
      'ratelimitbysize-remaining': '3',
      'ratelimitbysize-reset': '7',
    };
    expect(read('mistral', fields)).toEqual([
      { dimension: 'requests_minute', limit: 50, remaining: 49, resetInMs: null },
      { dimension: 'tokens_minute', limit: 50_000, remaining: 47_300, resetInMs: null },
      {
        dimension: 'tokens_month',
        limit: 4_000_000,
        remaining: 0,
        resetInMs: null,
        refill: 'window',
      },
      { dimension: 'tokens_minute', limit: 500_000, remaining: 3, resetInMs: 7000, ...WINDOW },
    ]);
  });

  it("of OpenRouter are the day's when their reset is far, the minute's when it is near", () => {
    const at = (resetAt: number) => ({
      date: DATE,
      'x-ratelimit-limit': '50',
      'x-ratelimit-remaining': '0',
      'x-ratelimit-reset': String(resetAt),
    });
    expect(read('openrouter', at(Date.UTC(2026, 10, 24)))).toEqual([
      { dimension: 'requests_day', limit: 50, remaining: 0, resetInMs: 12 * 3_600_000, ...WINDOW },
    ]);
    expect(read('openrouter', at(Date.UTC(2026, 10, 23, 12, 1)))[0]?.dimension).toBe(
      'requests_minute',
    );
  });

  it('of Together are rates a second, and the reset is a wait for this request', () => {
    const fields = {
      'x-ratelimit-limit': '10',
      'x-ratelimit-remaining': '9',
      'x-ratelimit-reset': '3',
      'x-tokenlimit-limit': '3000',
      'x-tokenlimit-remaining': '2900',
    };
    expect(read('together', fields)).toEqual([
      {
        dimension: 'requests_second',
        limit: 10,
        remaining: 9,
        resetInMs: 3000,
        reset: 'this_request',
        refill: 'continuous',
      },
      {
        dimension: 'tokens_minute',
        limit: 180_000,
        remaining: null,
        resetInMs: null,
        refill: 'continuous',
      },
    ]);
  });

  it("of Azure's provisioned deployments are the used share", () => {
    const header = 'azure-openai-deployment-utilization';
    expect(read('azure-openai', { [header]: '87.5%' })).toEqual([
      { dimension: 'unknown', limit: 1, remaining: 0.125, resetInMs: null, refill: 'continuous' },
    ]);
    expect(read('azure-openai', { [header]: '103.7%' })[0]?.remaining).toBe(0);
    for (const odd of ['', 'N/A', '-3%', '1e400%', 'NaN%'])
      expect(read('azure-openai', { [header]: odd })).toEqual([]);
  });

  it("of Cohere's trial keys count calls a minute, and name the month's limit alone", () => {
    const fields = {
      'x-trial-endpoint-call-limit': '20',
      'x-trial-endpoint-call-remaining': '19',
      'x-endpoint-monthly-call-limit': '1000',
    };
    expect(read('cohere', fields)).toEqual([
      { dimension: 'requests_minute', limit: 20, remaining: 19, resetInMs: null },
      {
        dimension: 'requests_month',
        limit: 1000,
        remaining: null,
        resetInMs: null,
        refill: 'window',
      },
    ]);
  });

  it('of Fireworks warn before they refuse', () => {
    const fields = {
      'x-ratelimit-limit-tokens-generated': '216000',
      'x-ratelimit-remaining-tokens-generated': '1000',
      'x-ratelimit-over-limit': 'yes',
    };
    expect(read('fireworks', fields)).toEqual([
      { dimension: 'output_tokens_minute', limit: 216_000, remaining: 1000, resetInMs: null },
      { dimension: 'unknown', limit: null, remaining: 0, resetInMs: null },
    ]);
    expect(read('fireworks', { 'x-ratelimit-over-limit': 'no' })).toEqual([]);
  });

  it('of xAI tell what remains and no reset', () => {
    const fields = { 'x-ratelimit-limit-tokens': '4000000', 'x-ratelimit-remaining-tokens': '-1' };
    expect(read('xai', fields)).toEqual([
      { dimension: 'tokens_minute', limit: 4_000_000, remaining: null, resetInMs: null },
    ]);
  });

  it.each(vendorKinds())(
    'of %s never make anything throw or hold a number that is none',
    (kind) => {
      const names = new Set(['date']);
      for (const { names: told } of vendorOf(kind)?.limits ?? [])
        for (const name of Object.values(told)) names.add(name);
      const value = fc.oneof(fc.string(), fc.double().map(String), fc.constantFrom(...ODD_VALUES));
      const header = fc.dictionary(fc.constantFrom(...names), value);
      fc.assert(
        fc.property(header, (fields) => {
          for (const { limit, remaining, resetInMs } of read(kind, fields)) {
            for (const number of [limit, remaining, resetInMs].filter((each) => each !== null))
              expect(number !== undefined && number >= 0 && number < Infinity).toBe(true);
          }
        }),
      );
    },
  );

  it('count an instant from the clock of the response, not from ours', () => {
    const fields = {
      'anthropic-ratelimit-requests-limit': '50',
      'anthropic-ratelimit-requests-remaining': '0',
      'anthropic-ratelimit-requests-reset': '2031-01-01T00:00:30Z',
    };
    const skewed = { ...fields, date: 'Wed, 01 Jan 2031 00:00:00 GMT' };
    expect(read('anthropic', skewed)[0]?.resetInMs).toBe(30_000);
    expect(read('anthropic', fields)[0]?.resetInMs).toBeNull();
  });
});
