import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LimitSample } from './limit-sample.ts';
import { projectExhaustion, projectRecovery } from './project.ts';
import type { ExpectedBurn } from './season.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const limit = (more: Partial<LimitSample>): LimitSample => ({
  reserved: 0,
  used: null,
  rate: 600 / MINUTE,
  provider: 'openai',
  path: 'openai/org-1',
  group: 'gpt-5',
  dimension: 'requests_minute',
  limit: 600,
  remaining: 600,
  resetInMs: null,
  refill: 'continuous',
  source: 'header',
  ...more,
});
const steady = (perMinute: number): ExpectedBurn => ({
  at: () => perMinute / MINUTE,
  changesAt: () => Infinity,
  seasonal: false,
});

describe('when limits run dry', () => {
  it('a bucket lasts for ever while it refills as fast as it is used', () => {
    expect(projectExhaustion([limit({ remaining: 10 })], steady(600))).toBeNull();
  });

  it('a bucket drains by what is used beyond its refill', () => {
    expect(projectExhaustion([limit({ remaining: 300 })], steady(900))).toBeCloseTo(MINUTE);
  });

  it('a window that ends before it is empty starts anew', () => {
    const window = limit({ refill: 'window', remaining: 100, resetInMs: 10_000 });
    expect(projectExhaustion([window], steady(540))).toBeNull();
    // 600 in a window of 60 s, used at 1,200 a minute: empty 30 s after its reset.
    expect(projectExhaustion([{ ...window, remaining: 300 }], steady(1200))).toBeCloseTo(40_000);
  });

  it('a window per day is emptied on another day', () => {
    const day = limit({
      dimension: 'requests_day',
      refill: 'window',
      limit: 1440,
      remaining: 600,
      resetInMs: HOUR,
    });
    // 2 a minute: 480 are left at the reset, then 1,440 last for 12 h.
    expect(projectExhaustion([day], steady(2))).toBeCloseTo(HOUR + 12 * HOUR);
    expect(projectExhaustion([day], steady(1))).toBeNull();
  });

  it('money that nobody refills ends', () => {
    const spend = limit({ dimension: 'spend', refill: 'window', limit: 100, remaining: 60 });
    expect(projectExhaustion([spend], steady(1))).toBeCloseTo(HOUR);
  });

  it('several domains last for as long as they have something together', () => {
    const two = [limit({ remaining: 300 }), limit({ path: 'openai/org-2', remaining: 600 })];
    expect(projectExhaustion(two, steady(1500))).toBeCloseTo(3 * MINUTE);
  });

  it('counts the busy hours that are to come', () => {
    const night: ExpectedBurn = {
      at: (inMs) => (inMs < HOUR ? 0 : 10 / MINUTE),
      changesAt: (inMs) => (inMs < HOUR ? HOUR : Infinity),
      seasonal: true,
    };
    const day = limit({
      dimension: 'requests_day',
      refill: 'window',
      limit: 1000,
      remaining: 600,
      resetInMs: 20 * HOUR,
    });
    expect(projectExhaustion([day], night)).toBeCloseTo(2 * HOUR);
  });

  it('ends within bounded steps and never in the past, whatever is told', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            dimension: fc.constantFrom(
              'requests_second',
              'requests_minute',
              'tokens_day',
              'tokens_month',
              'spend',
            ),
            limit: fc.integer({ min: 0, max: 1e9 }),
            remaining: fc.integer({ min: -10, max: 1e9 }),
            resetInMs: fc.option(fc.integer({ min: -5, max: 1e10 })),
            refill: fc.constantFrom('continuous', 'window', 'unknown'),
            rate: fc.double({ min: 0, max: 1e6, noNaN: true }),
          }),
          { maxLength: 6 },
        ),
        fc.double({ min: 0, max: 1e6, noNaN: true }),
        (limits, perMinute) => {
          const samples = limits.map((each) => limit(each));
          const endsIn = projectExhaustion(samples, steady(perMinute));
          expect(endsIn === null || (endsIn >= 0 && Number.isFinite(endsIn))).toBe(true);
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('when there is room again', () => {
  it('a bucket by its rate, a window by its reset, whichever is first', () => {
    const bucket = limit({ remaining: 0 });
    const window = limit({ refill: 'window', remaining: 0, resetInMs: 30_000 });
    expect(projectRecovery([bucket], 10)).toBeCloseTo(1000);
    expect(projectRecovery([window], 10)).toBe(30_000);
    expect(projectRecovery([window, bucket], 10)).toBeCloseTo(1000);
    expect(projectRecovery([limit({ remaining: 10 })], 10)).toBe(0);
  });

  it('is not known where nothing is known', () => {
    expect(projectRecovery([limit({ remaining: null })], 1)).toBeNull();
    const spend = limit({ dimension: 'spend', refill: 'window', remaining: 0, resetInMs: null });
    expect(projectRecovery([spend], 1)).toBeNull();
  });
});
