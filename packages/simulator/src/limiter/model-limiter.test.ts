import { array, assert, constantFrom, integer, property, record } from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  admitCall,
  chargeProduced,
  endCall,
  LIMIT_DIMENSIONS,
  modelLimits,
  remainingOf,
  resetOf,
  settlesLater,
} from './model-limiter.ts';
import type { LimitSettings, ModelLimit } from './model-limiter.ts';

const MINUTE = 60_000;
/** A quarter past some hour of a Wednesday. */
const START = Date.UTC(2026, 10, 25, 18, 15, 7, 250);

const call = record({
  afterMs: integer({ min: 0, max: 20_000 }),
  tokens: integer({ min: 1, max: 900 }),
});
const calls = array(call, { maxLength: 200 });

const limitsOf = (settings: LimitSettings, at = START): ModelLimit[] =>
  modelLimits(settings, 'organization', at);

const admit = (limits: readonly ModelLimit[], inputTokens: number, at: number) =>
  admitCall(limits, { inputTokens, allowance: 0 }, at);

const leftOf = (limits: readonly ModelLimit[], at: number): Record<string, number> =>
  Object.fromEntries(limits.map((limit) => [limit.dimension, remainingOf(limit, at)]));

/** What was admitted when. */
function admittedBy(
  settings: LimitSettings,
  asked: readonly { afterMs: number; tokens: number }[],
): { at: number; tokens: number }[] {
  const limits = limitsOf(settings);
  const admitted: { at: number; tokens: number }[] = [];
  let at = START;
  for (const { afterMs, tokens } of asked) {
    at += afterMs;
    if (admit(limits, tokens, at).admitted) admitted.push({ at, tokens });
  }
  return admitted;
}

const sumOf = (items: readonly { tokens: number }[]): number =>
  items.reduce((sum, { tokens }) => sum + tokens, 0);

describe('a limiter never admits more than', () => {
  const requests = integer({ min: 1, max: 60 });
  const tokens = integer({ min: 1, max: 3000 });

  test('its limit and what was refilled in any span of time, when it is a continuous bucket', () => {
    assert(
      property(requests, tokens, calls, (requestsPerMinute, tokensPerMinute, asked) => {
        const admitted = admittedBy({ requestsPerMinute, tokensPerMinute }, asked);
        admitted.forEach((first, from) => {
          let taken = 0;
          admitted.slice(from).forEach(({ at, tokens: more }, count) => {
            taken += more;
            const minutes = (at - first.at) / MINUTE;
            expect(count + 1).toBeLessThanOrEqual(requestsPerMinute * (1 + minutes) + 1e-6);
            expect(taken).toBeLessThanOrEqual(tokensPerMinute * (1 + minutes) + 1e-6);
          });
        });
      }),
    );
  });

  test('its limit in any whole minute of the clock, when its window is fixed', () => {
    assert(
      property(requests, tokens, calls, (requestsPerMinute, tokensPerMinute, asked) => {
        const settings = { requestsPerMinute, tokensPerMinute, minuteRefill: 'fixed' } as const;
        const admitted = admittedBy(settings, asked);
        for (const inMinute of Map.groupBy(admitted, ({ at }) =>
          Math.floor(at / MINUTE),
        ).values()) {
          expect(inMinute.length).toBeLessThanOrEqual(requestsPerMinute);
          expect(sumOf(inMinute)).toBeLessThanOrEqual(tokensPerMinute);
        }
      }),
    );
  });

  test('its limit in any span of a minute, when its window slides', () => {
    assert(
      property(requests, tokens, calls, (requestsPerMinute, tokensPerMinute, asked) => {
        const settings = { requestsPerMinute, tokensPerMinute, minuteRefill: 'sliding' } as const;
        const admitted = admittedBy(settings, asked);
        for (const { at: from } of admitted) {
          const inSpan = admitted.filter(({ at }) => at >= from && at < from + MINUTE);
          expect(inSpan.length).toBeLessThanOrEqual(requestsPerMinute);
          expect(sumOf(inSpan)).toBeLessThanOrEqual(tokensPerMinute);
        }
      }),
    );
  });

  test('its limit in any day of its calendar', () => {
    const day = new Intl.DateTimeFormat('en-CA', { timeZone: 'America/Los_Angeles' });
    assert(
      property(requests, calls, (requestsPerDay, asked) => {
        const spread = asked.map(({ afterMs, tokens: one }) => ({
          afterMs: afterMs * 500,
          tokens: one,
        }));
        const settings = {
          requestsPerDay,
          dayRefill: 'calendar',
          timeZone: 'America/Los_Angeles',
        } as const;
        const admitted = admittedBy(settings, spread);
        for (const inDay of Map.groupBy(admitted, ({ at }) => day.format(at)).values()) {
          expect(inDay.length).toBeLessThanOrEqual(requestsPerDay);
        }
      }),
    );
  });

  test('its cap of calls at the same time', () => {
    const steps = array(constantFrom('begin', 'end'), { maxLength: 200 });
    assert(
      property(integer({ min: 1, max: 8 }), steps, (concurrent, events) => {
        const limits = limitsOf({ concurrent });
        let open = 0;
        for (const event of events) {
          if (event === 'end' && open > 0) {
            open--;
            endCall(limits, { inputTokens: 1, outputTokens: 1 }, START);
          } else if (event === 'begin') {
            if (admit(limits, 1, START).admitted) open++;
          }
          expect(open).toBeLessThanOrEqual(concurrent);
          expect(leftOf(limits, START)).toEqual({ concurrency: concurrent - open });
        }
      }),
    );
  });
});

describe('a limiter', () => {
  test.each([
    [{ minuteRefill: 'continuous' }],
    [{ minuteRefill: 'fixed' }],
    [{ minuteRefill: 'sliding' }],
    [{ dayRefill: 'calendar', timeZone: 'America/Los_Angeles' }],
    [{ dayRefill: 'sliding' }],
  ] as const)(
    'with %j admits a refused call at the instant it named, not a millisecond before',
    (rules) => {
      const rate = integer({ min: 1, max: 600 });
      const amount = integer({ min: 900, max: 100_000 });
      assert(
        property(rate, amount, calls, (requests, tokens, asked) => {
          const limits = limitsOf(
            'dayRefill' in rules
              ? { requestsPerDay: requests, tokensPerDay: tokens, ...rules }
              : { requestsPerMinute: requests, tokensPerMinute: tokens, ...rules },
          );
          let at = START;
          for (const one of asked) {
            at += one.afterMs / 1000;
            const admission = admit(limits, one.tokens, at);
            if (admission.admitted) continue;
            const { waitMs } = admission;
            expect(waitMs).toBeGreaterThan(0);
            if (waitMs === null) throw new Error('a wait was expected');
            const early = waitMs > 1 && admit(limits, one.tokens, at + waitMs - 1).admitted;
            expect(early).toBe(false);
            at += Math.ceil(waitMs + 1e-3);
            expect(admit(limits, one.tokens, at).admitted).toBe(true);
          }
        }),
        { numRuns: 40 },
      );
    },
  );

  test('takes nothing from any limit when one of them refuses', () => {
    const settings = { requestsPerMinute: 10, tokensPerMinute: 100, concurrent: 3 };
    const limits = limitsOf(settings);
    expect(admit(limits, 101, START)).toMatchObject({ admitted: false, waitMs: Infinity });
    expect(leftOf(limits, START)).toEqual({
      requests_minute: 10,
      tokens_minute: 100,
      concurrency: 3,
    });
  });

  test('names the refusal with the longest wait, and a full cap only when nothing else refuses', () => {
    const limits = limitsOf({ requestsPerMinute: 1, requestsPerDay: 2, concurrent: 1 });
    admit(limits, 1, START);
    expect(admit(limits, 1, START)).toMatchObject({ dimension: 'requests_minute', waitMs: MINUTE });
    expect(admit(limits, 1, START + MINUTE)).toMatchObject({
      dimension: 'concurrency',
      limit: 1,
      used: 1,
      waitMs: null,
    });
    endCall(limits, { inputTokens: 1, outputTokens: 1 }, START + MINUTE);
    expect(admit(limits, 1, START + MINUTE).admitted).toBe(true);
    expect(admit(limits, 1, START + MINUTE)).toMatchObject({ dimension: 'requests_day' });
  });

  test('refills nothing and begins no window when its clock runs backwards', () => {
    for (const minuteRefill of ['continuous', 'fixed', 'sliding'] as const) {
      const limits = limitsOf({ requestsPerMinute: 1, minuteRefill });
      expect(admit(limits, 1, START).admitted).toBe(true);
      expect(admit(limits, 1, START - 3 * MINUTE).admitted).toBe(false);
      expect(admit(limits, 1, START).admitted).toBe(false);
    }
  });

  test('tells when everything is back, or when its window ends', () => {
    const resets = (settings: LimitSettings): (number | null)[] => {
      const limits = limitsOf(settings);
      admit(limits, 1, START);
      return limits.map((limit) => resetOf(limit, START + 1000));
    };
    expect(resets({ requestsPerMinute: 30 })).toEqual([1000]);
    expect(resets({ requestsPerMinute: 30, minuteRefill: 'fixed' })).toEqual([51_750]);
    expect(resets({ requestsPerMinute: 30, minuteRefill: 'sliding' })).toEqual([59_000]);
    expect(resets({ requestsPerMonth: 30 })).toEqual([Date.UTC(2026, 11, 1) - START - 1000]);
    expect(resets({ concurrent: 30 })).toEqual([null]);
  });

  test('a sliding window forgets what has left, however long it runs', () => {
    const limits = limitsOf({ requestsPerMinute: 600, minuteRefill: 'sliding' });
    for (let at = START; at < START + 100 * MINUTE; at += 100) admit(limits, 1, at);
    const meter = limits[0]?.meter;
    if (meter?.kind !== 'sliding') throw new Error('a sliding window was expected');
    expect(meter.times.length).toBeLessThan(1500);
    expect(leftOf(limits, START + 102 * MINUTE)).toEqual({ requests_minute: 600 });
  });

  test('has a setting for each dimension', () => {
    const all = limitsOf({
      requestsPerSecond: 1,
      requestsPerMinute: 1,
      tokensPerMinute: 1,
      inputTokensPerMinute: 1,
      outputTokensPerMinute: 1,
      requestsPerHour: 1,
      requestsPerDay: 1,
      tokensPerDay: 1,
      inputTokensPerDay: 1,
      requestsPerMonth: 1,
      tokensPerMonth: 1,
      concurrent: 1,
    });
    expect(all.map(({ dimension }) => dimension)).toEqual(LIMIT_DIMENSIONS);
  });
});

describe('tokens are charged', () => {
  const settings = { tokensPerMinute: 1000, inputTokensPerMinute: 500, outputTokensPerMinute: 400 };
  const need = { inputTokens: 100, allowance: 300 };

  const after = (charge: NonNullable<LimitSettings['charge']>): unknown[] => {
    const limits = limitsOf({ ...settings, charge });
    expect(admitCall(limits, need, START).admitted).toBe(true);
    const admitted = leftOf(limits, START);
    chargeProduced(limits, 30, START);
    chargeProduced(limits, 20, START);
    const produced = leftOf(limits, START);
    endCall(limits, { inputTokens: 100, outputTokens: 50 }, START);
    return [admitted, produced, leftOf(limits, START)].map((left) => Object.values(left));
  };

  test('input and all that is allowed before the answer, with nothing given back (OpenAI)', () => {
    const left = [600, 400, 100];
    expect(after('upfront')).toEqual([left, left, left]);
  });

  test('input only (Gemini)', () => {
    const left = [900, 400, 400];
    expect(after('input_only')).toEqual([left, left, left]);
  });

  test('input before the answer, output as it is produced, never what was allowed (Anthropic)', () => {
    const produced = [850, 400, 350];
    expect(after('as_produced')).toEqual([[900, 400, 400], produced, produced]);
  });

  test('all at the end', () => {
    const full = [1000, 500, 400];
    expect(after('at_end')).toEqual([full, full, [850, 400, 350]]);
  });

  test('below zero when more was produced than was left; then nobody is admitted until one is back', () => {
    for (const minuteRefill of ['continuous', 'fixed', 'sliding'] as const) {
      const rules = { minuteRefill, charge: 'as_produced' } as const;
      const limits = limitsOf({ outputTokensPerMinute: 60, ...rules });
      admitCall(limits, need, START);
      chargeProduced(limits, 90, START);
      expect(leftOf(limits, START)).toEqual({ output_tokens_minute: -30 });
      const refused = admitCall(limits, need, START);
      // 31 tokens at one a second; or when the minute ends; or when the answer leaves the window
      const waits = { continuous: 31_000, fixed: 52_750, sliding: MINUTE };
      expect(refused).toMatchObject({ admitted: false, waitMs: waits[minuteRefill] });
      expect(admitCall(limits, need, START + waits[minuteRefill]).admitted).toBe(true);
    }
  });

  test('later only under rules that charge later', () => {
    const later = (charge: NonNullable<LimitSettings['charge']>): boolean =>
      settlesLater(limitsOf({ ...settings, charge }));
    const charges = ['upfront', 'input_only', 'as_produced', 'at_end'] as const;
    expect(charges.map(later)).toEqual([false, false, true, true]);
    expect(settlesLater(limitsOf({ concurrent: 1 }))).toBe(true);
    expect(settlesLater(limitsOf({ requestsPerMinute: 1, charge: 'at_end' }))).toBe(false);
  });
});
