import { array, assert, integer, property, record } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { admitCall, limitBuckets, limitHeaders } from './model-limiter.ts';

const call = record({
  afterMs: integer({ min: 0, max: 20_000 }),
  tokens: integer({ min: 1, max: 900 }),
});

const headersOf = (flat: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    Array.from({ length: flat.length / 2 }, (_, at) => [flat[at * 2], flat[at * 2 + 1]]),
  );

const inMs = (duration: string): number => {
  const [, hours = 0, minutes = 0, seconds = 0, millis = 0] =
    /^(?:(\d+)h)?(?:(\d+)m(?!s))?(?:([\d.]+)s)?(?:(\d+)ms)?$/.exec(duration) ?? [];
  return (
    Number(hours) * 3_600_000 + Number(minutes) * 60_000 + Number(seconds) * 1000 + Number(millis)
  );
};

describe('a limiter', () => {
  test('never admits more in any span of time than its limit and what was refilled', () => {
    assert(
      property(
        integer({ min: 1, max: 60 }),
        integer({ min: 1, max: 3000 }),
        array(call, { maxLength: 200 }),
        (requestsPerMinute, tokensPerMinute, calls) => {
          const buckets = limitBuckets({ requestsPerMinute, tokensPerMinute }, 'organization', 0);
          const admitted: { at: number; tokens: number }[] = [];
          let now = 0;
          for (const { afterMs, tokens } of calls) {
            now += afterMs;
            if (admitCall(buckets, tokens, now).admitted) admitted.push({ at: now, tokens });
          }
          admitted.forEach((first, from) => {
            let tokens = 0;
            admitted.slice(from).forEach(({ at, tokens: taken }, count) => {
              tokens += taken;
              const minutes = (at - first.at) / 60_000;
              expect(count + 1).toBeLessThanOrEqual(requestsPerMinute * (1 + minutes) + 1e-6);
              expect(tokens).toBeLessThanOrEqual(tokensPerMinute * (1 + minutes) + 1e-6);
            });
          });
        },
      ),
    );
  });

  test('admits a refused call at the instant it named, and not a millisecond before', () => {
    assert(
      property(
        integer({ min: 1, max: 600 }),
        integer({ min: 100, max: 100_000 }),
        array(call, { minLength: 1, maxLength: 100 }),
        (requestsPerMinute, tokensPerMinute, calls) => {
          const buckets = limitBuckets({ requestsPerMinute, tokensPerMinute }, 'organization', 0);
          let now = 0;
          for (const { afterMs, tokens } of calls) {
            now += afterMs / 1000;
            const admission = admitCall(buckets, tokens, now);
            if (admission.admitted || admission.waitMs === Infinity) continue;
            const early = now + Math.max(0, admission.waitMs - 1);
            const tooEarly = admission.waitMs > 1 && admitCall(buckets, tokens, early).admitted;
            expect(tooEarly).toBe(false);
            now += Math.ceil(admission.waitMs + 1e-6);
            expect(admitCall(buckets, tokens, now).admitted).toBe(true);
          }
        },
      ),
    );
  });

  test('takes nothing from any bucket when one of them refuses', () => {
    const buckets = limitBuckets(
      { requestsPerMinute: 10, tokensPerMinute: 100 },
      'organization',
      0,
    );
    expect(admitCall(buckets, 101, 0)).toMatchObject({ admitted: false, waitMs: Infinity });
    expect(headersOf(limitHeaders(buckets, 0))).toMatchObject({
      'x-ratelimit-remaining-requests': '10',
      'x-ratelimit-remaining-tokens': '100',
    });
  });

  test('says in its headers what is left and when it is full again', () => {
    assert(
      property(integer({ min: 1, max: 500 }), array(call, { maxLength: 60 }), (limit, calls) => {
        const buckets = limitBuckets({ requestsPerMinute: limit }, 'organization', 0);
        let now = 0;
        for (const { afterMs } of calls) {
          now += afterMs / 50;
          const before = Number(
            headersOf(limitHeaders(buckets, now))['x-ratelimit-remaining-requests'],
          );
          const { admitted } = admitCall(buckets, 1, now);
          const headers = headersOf(limitHeaders(buckets, now));
          const remaining = Number(headers['x-ratelimit-remaining-requests']);
          expect(headers['x-ratelimit-limit-requests']).toBe(String(limit));
          expect(admitted).toBe(before >= 1);
          expect(remaining).toBe(admitted ? before - 1 : before);
          const reset = inMs(headers['x-ratelimit-reset-requests'] ?? '');
          const full = headersOf(limitHeaders(buckets, now + reset + 0.001));
          expect(full['x-ratelimit-remaining-requests']).toBe(String(limit));
          expect((reset * limit) / 60_000).toBeGreaterThanOrEqual(limit - remaining - 1 - 1e-6);
        }
      }),
    );
  });

  test('of a minute and a day limit tells the one with less left, and the reset of that one', () => {
    const buckets = limitBuckets(
      { requestsPerMinute: 500, requestsPerDay: 200 },
      'organization',
      0,
    );
    admitCall(buckets, 1, 0);
    expect(headersOf(limitHeaders(buckets, 0))).toEqual({
      'x-ratelimit-limit-requests': '200',
      'x-ratelimit-remaining-requests': '199',
      'x-ratelimit-reset-requests': '7m12s',
    });
  });

  test("tells a project's own token limit beside its organization's", () => {
    const buckets = [
      ...limitBuckets({ tokensPerMinute: 1000 }, 'organization', 0),
      ...limitBuckets({ tokensPerMinute: 100 }, 'project', 0),
    ];
    admitCall(buckets, 60, 0);
    expect(headersOf(limitHeaders(buckets, 0))).toMatchObject({
      'x-ratelimit-remaining-tokens': '940',
      'x-ratelimit-remaining-project-tokens': '40',
    });
    expect(admitCall(buckets, 60, 0)).toMatchObject({
      level: 'project',
      limit: 100,
      used: 60,
      requested: 60,
    });
  });

  test('refills nothing when its clock runs backwards', () => {
    const buckets = limitBuckets({ requestsPerMinute: 1 }, 'organization', 1000);
    expect(admitCall(buckets, 1, 1000).admitted).toBe(true);
    expect(admitCall(buckets, 1, 0).admitted).toBe(false);
    expect(admitCall(buckets, 1, 1000).admitted).toBe(false);
  });
});
