import { array, assert, integer, property } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { admitCall, modelLimits } from '../limiter/model-limiter.ts';
import type { ModelLimit } from '../limiter/model-limiter.ts';
import { limitHeaders } from './openai.ts';

const headersOf = (limits: readonly ModelLimit[], at: number): Record<string, string> => {
  const flat = limitHeaders(limits, at);
  return Object.fromEntries(
    Array.from({ length: flat.length / 2 }, (_, index) => [flat[index * 2], flat[index * 2 + 1]]),
  );
};

const inMs = (duration: string): number => {
  const [, hours = 0, minutes = 0, seconds = 0, millis = 0] =
    /^(?:(\d+)h)?(?:(\d+)m(?!s))?(?:([\d.]+)s)?(?:(\d+)ms)?$/.exec(duration) ?? [];
  return (
    Number(hours) * 3_600_000 + Number(minutes) * 60_000 + Number(seconds) * 1000 + Number(millis)
  );
};

const admit = (limits: readonly ModelLimit[], inputTokens: number, at: number) =>
  admitCall(limits, { inputTokens, allowance: 0 }, at);

describe("OpenAI's limit headers", () => {
  test('say what is left and when it is full again', () => {
    const waits = array(integer({ min: 0, max: 20_000 }), { maxLength: 60 });
    assert(
      property(integer({ min: 1, max: 500 }), waits, (limit, calls) => {
        const limits = modelLimits({ requestsPerMinute: limit }, 'organization', 0);
        let now = 0;
        for (const afterMs of calls) {
          now += afterMs / 50;
          const before = Number(headersOf(limits, now)['x-ratelimit-remaining-requests']);
          const { admitted } = admit(limits, 1, now);
          const headers = headersOf(limits, now);
          const remaining = Number(headers['x-ratelimit-remaining-requests']);
          expect(headers['x-ratelimit-limit-requests']).toBe(String(limit));
          expect(admitted).toBe(before >= 1);
          expect(remaining).toBe(admitted ? before - 1 : before);
          const reset = inMs(headers['x-ratelimit-reset-requests'] ?? '');
          const full = headersOf(limits, now + reset + 0.001);
          expect(full['x-ratelimit-remaining-requests']).toBe(String(limit));
          expect((reset * limit) / 60_000).toBeGreaterThanOrEqual(limit - remaining - 1 - 1e-6);
        }
      }),
    );
  });

  test('of a minute and a day limit tell the one with less left, and the reset of that one', () => {
    const limits = modelLimits({ requestsPerMinute: 500, requestsPerDay: 200 }, 'organization', 0);
    admit(limits, 1, 0);
    expect(headersOf(limits, 0)).toEqual({
      'x-ratelimit-limit-requests': '200',
      'x-ratelimit-remaining-requests': '199',
      'x-ratelimit-reset-requests': '7m12s',
    });
  });

  test("tell a project's own token limit beside its organization's", () => {
    const limits = [
      ...modelLimits({ tokensPerMinute: 1000 }, 'organization', 0),
      ...modelLimits({ tokensPerMinute: 100 }, 'project', 0),
    ];
    admit(limits, 60, 0);
    expect(headersOf(limits, 0)).toMatchObject({
      'x-ratelimit-remaining-tokens': '940',
      'x-ratelimit-remaining-project-tokens': '40',
    });
    expect(admit(limits, 60, 0)).toMatchObject({
      level: 'project',
      limit: 100,
      used: 60,
      requested: 60,
    });
  });
});
