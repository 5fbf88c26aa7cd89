import { array, assert, double, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { callCost, chargeOf, dominantOf, NO_COST, type CallCost } from './call-cost.ts';

/** What a share is charged for calls that take so many requests' worth of tokens each. */
function chargedFor(calls: readonly number[]): number {
  let ahead = 0;
  let sum = 0;
  for (const tokens of calls) {
    const charge = chargeOf(ahead, { requests: 1, tokens });
    ahead = charge.ahead;
    sum += charge.cost;
  }
  return sum;
}

describe('what a call takes of a pool', () => {
  it('is one of its requests, and its tokens by how many the limits grant for each', () => {
    expect(callCost(3000, 1500)).toEqual({ requests: 1, tokens: 2 });
    expect(callCost(3000, null)).toEqual({ requests: 1, tokens: 3 });
  });

  it('counts by what it takes most of', () => {
    expect(dominantOf(callCost(3000, 1500))).toBe(2);
    expect(dominantOf(callCost(10, 1500))).toBe(1);
  });
});

describe('what a share is charged', () => {
  it('is what it took most of, of all its calls together', () => {
    // four requests and 4.5 requests' worth of tokens, not the six that the larger part of each adds up to
    expect(chargedFor([0.1, 2, 0.4, 2])).toBeCloseTo(4.5, 9);
    expect(chargedFor([3, 0.1, 0.1, 0.1])).toBeCloseTo(4, 9);
  });

  it('is the larger of requests and tokens, in whatever order calls come, as long as neither runs far ahead', () => {
    assert(
      property(array(double({ min: 0, max: 3, noNaN: true }), { maxLength: 20 }), (calls) => {
        const tokens = calls.reduce((sum, each) => sum + each, 0);
        expect(chargedFor(calls)).toBeCloseTo(Math.max(calls.length, tokens), 6);
      }),
    );
  });

  it('is given back when a call took nothing after all', () => {
    const cost: CallCost = { requests: 1, tokens: 5 };
    const charge = chargeOf(0, cost);
    const back = chargeOf(charge.ahead, { requests: -1, tokens: -5 });
    expect(charge.cost + back.cost).toBe(0);
    expect(back.ahead).toBe(0);
    expect(chargeOf(3, NO_COST)).toEqual({ cost: 0, ahead: 3 });
  });

  it('does not let a thousand small calls pay for large ones', () => {
    const small = Array.from({ length: 1000 }, () => 0);
    const large = Array.from({ length: 50 }, () => 10);
    expect(chargedFor([...small, ...large]) - chargedFor(small)).toBeGreaterThan(500 - 65);
  });
});
