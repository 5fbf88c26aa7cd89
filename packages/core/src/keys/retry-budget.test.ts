import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countRequest, requestsOf, retriesOf, returnRetry, takeRetry } from './retry-budget.ts';
import { keyOf, openTable, planOf } from './table-fixture.bench.ts';

function opened() {
  const table = openTable(planOf(keyOf('a')));
  const pool = table.plan.pools.get('chat');
  if (pool === undefined) throw new Error('no pool');
  return { table, pool };
}

describe('the retry budget of a pool', () => {
  it('allows a tenth of the last ten seconds’ requests and 3 a second beyond it', () => {
    const { table, pool } = opened();
    for (let index = 0; index < 200; index += 1) countRequest(table, pool, 9000);
    const taken = Array.from({ length: 100 }, () => takeRetry(table, pool, 9500));
    expect(taken.filter(Boolean)).toHaveLength(50);
    expect(requestsOf(table, pool, 9500)).toBe(200);
    expect(retriesOf(table, pool, 9500)).toBe(50);
    expect(requestsOf(table, pool, 19_000)).toBe(0);
    expect(takeRetry(table, pool, 19_500)).toBe(false);
    expect(takeRetry(table, pool, 20_500)).toBe(true);
  });

  it('is as before once a retry that was not made is given back, and no more than that', () => {
    const { table, pool } = opened();
    const take = (now: number): boolean => takeRetry(table, pool, now);
    for (let index = 0; index < 30; index += 1) expect(take(1000)).toBe(true);
    expect(take(3000)).toBe(false);
    returnRetry(table, pool, 1000);
    expect(retriesOf(table, pool, 3000)).toBe(29);
    expect(take(3000)).toBe(true);
    expect(take(3000)).toBe(false);
    // A second that is over for long has nothing to be given back to.
    for (const other of [999, 1000 - 12_000, 1000 + 12_000]) returnRetry(table, pool, other);
    expect(retriesOf(table, pool, 3000)).toBe(30);
  });

  it('is never exceeded over any ten seconds', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(400)), { maxLength: 300 }), (steps) => {
        const { table, pool } = opened();
        const requests: number[] = [];
        const retries: number[] = [];
        let now = 0;
        let worst = 0;
        for (const [isRequest, waitMs] of steps) {
          now += waitMs;
          const since = now - 10_000;
          if (isRequest) {
            countRequest(table, pool, now);
            requests.push(now);
          } else if (takeRetry(table, pool, now)) {
            retries.push(now);
            const made = requests.filter((instant) => instant > since).length;
            const used = retries.filter((instant) => instant > since).length;
            worst = Math.max(worst, used - (30 + made / 10));
          }
        }
        expect(worst).toBeLessThanOrEqual(1);
      }),
      { numRuns: 100 },
    );
  });
});
