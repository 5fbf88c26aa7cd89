import { double, assert, property, nat } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { turnOf } from './turn.ts';
import { costs } from './waiting-fixture.bench.ts';

const POOL = { maxWaitMs: 12_000, limitsTokens: true };

describe('the turn of a waiting call', () => {
  it('is its deadline where it takes one share', () => {
    expect(turnOf({ deadlineAt: 5000, cost: costs(1) }, POOL)).toBe(5000);
  });

  it('comes later by a quarter of the pool’s longest wait each time that it takes twice as much', () => {
    expect(turnOf({ deadlineAt: 5000, cost: costs(2) }, POOL)).toBe(8000);
    expect(turnOf({ deadlineAt: 5000, cost: costs(8) }, POOL)).toBe(14_000);
  });

  it('is its deadline, whatever its tokens, where those are not limited', () => {
    expect(turnOf({ deadlineAt: 5000, cost: costs(8) }, { ...POOL, limitsTokens: false })).toBe(
      5000,
    );
  });

  it('is moved by less than a fiftieth of the longest wait by an estimate that is off by a twentieth', () => {
    const sizes = double({ min: 1, max: 1000, noNaN: true });
    assert(
      property(sizes, nat(100_000), (cost, deadlineAt) => {
        const turn = turnOf({ deadlineAt, cost: costs(cost) }, POOL);
        const off = turnOf({ deadlineAt, cost: costs(cost * 1.05) }, POOL);
        return off - turn < 240 && turn >= deadlineAt;
      }),
    );
  });
});
