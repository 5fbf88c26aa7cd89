import { describe, expect, test } from 'vitest';
import { KeyRecord } from './implied.ts';
import { createGauge, take, type LimitRule } from './limiter.ts';
import type { Refusal } from './faces.ts';
import type { RequestSpec } from './scenario.ts';

const RULE: LimitRule = {
  counts: 'requests',
  limit: 60,
  windowMs: 60_000,
  kind: 'continuous',
  anchorAt: 0,
  usedAtStart: 0,
};

const REQUEST: RequestSpec = {
  view: {
    id: 0,
    tenant: 0,
    worker: 1,
    arrivedAt: 0,
    dispatchBy: 9000,
    inputBytes: 1,
    maxTokens: 1,
    stream: false,
  },
  size: { inputTokens: 1, allowance: 1 },
  outputTokens: 1,
  apparentTokens: 2,
  patienceMs: 9000,
  upMs: 20,
  firstByteMs: 1,
  bodyMs: 1,
  luck: 0,
};

const refusal: Refusal = { rule: RULE, requested: 1, used: 60, waitMs: 1000 };

function record(truthful = true) {
  const gauge = createGauge(RULE);
  const rules = { truthful, mostUpMs: 50, tellsLimits: true, rounds: false };
  return { gauge, key: new KeyRecord([gauge], rules) };
}

/** An attempt that was charged, and told that so much is left, by 100 ms. */
function answered({ gauge, key }: ReturnType<typeof record>, left: number): void {
  const first = key.sent(REQUEST, 0);
  take(gauge, 60 - left, 20);
  key.reached(first, true);
  key.delivered(first, 100, null, true);
}

describe('a refusal was implied', () => {
  test('when a delivered response left nothing and the refill since cannot have been enough', () => {
    const sentAt = (now: number): boolean => {
      const it = record();
      answered(it, 0);
      return it.key.implied(it.key.sent(REQUEST, now), refusal);
    };
    expect([500, 960].map(sentAt)).toEqual([true, false]);
  });

  test("when the node's own later attempts have taken what was left", () => {
    const it = record();
    answered(it, 2);
    const attempts = [200, 201, 202].map((now) => it.key.sent(REQUEST, now));
    expect(attempts.map((each) => it.key.implied(each, refusal))).toEqual([false, false, true]);
  });

  test('when a refusal named a wait that is not over', () => {
    const it = record(false);
    const first = it.key.sent(REQUEST, 0);
    it.key.reached(first, false);
    it.key.delivered(first, 40, refusal, true);
    expect(it.key.implied(it.key.sent(REQUEST, 900), refusal)).toBe(true);
    expect(it.key.implied(it.key.sent(REQUEST, 1000), refusal)).toBe(false);
  });

  test('never by what was delivered after the attempt was sent', () => {
    const it = record();
    const early = it.key.sent(REQUEST, 50);
    answered(it, 0);
    expect(it.key.implied(early, refusal)).toBe(false);
  });

  test('never by headers that lie', () => {
    const it = record(false);
    answered(it, 0);
    expect(it.key.implied(it.key.sent(REQUEST, 500), refusal)).toBe(false);
  });
});
