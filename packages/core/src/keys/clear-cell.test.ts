import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clearedByHandIn, clearedIn, packClears } from './clear-cell.ts';

describe('the clearings of a scope in one cell', () => {
  it.each([0, 1, 2, 7, 8, 2 ** 20 - 1, 2 ** 20, 2 ** 31, 2 ** 40 - 1, 2 ** 40 + 1, 2 ** 49 - 1])(
    'tell a clearing by hand at %d from one by a success',
    (at) => {
      expect([clearedIn(packClears(at, -1)), clearedByHandIn(packClears(at, -1))]).toEqual([
        at,
        -1,
      ]);
      expect([clearedIn(packClears(at, at)), clearedByHandIn(packClears(at, at))]).toEqual([
        at,
        at,
      ]);
    },
  );

  it.each([
    [10 ** 9, 10 ** 6],
    [10 ** 11, 10 ** 4],
  ])('keep the one by hand exactly while it is near: at %d, %d behind', (cleared, behind) => {
    const clears = packClears(cleared, cleared - behind);
    expect(clearedIn(clears)).toBe(cleared);
    expect(clearedByHandIn(clears)).toBe(cleared - behind);
  });

  it('keep both exactly or forget the one by hand, and never take it for a later one', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 49 }),
        fc.oneof(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 2 ** 49 })),
        (cleared, behind) => {
          const byHand = Math.max(0, cleared - behind);
          const clears = packClears(cleared, byHand);
          expect(clearedIn(clears)).toBe(cleared);
          expect([-1, byHand]).toContain(clearedByHandIn(clears));
        },
      ),
    );
  });

  it('grow with either', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 40 }),
        fc.integer({ min: 1, max: 100 }),
        fc.integer({ min: 1, max: 100 }),
        (byHand, behind, more) => {
          const clears = packClears(byHand + behind, byHand);
          expect(packClears(byHand + behind + more, byHand)).toBeGreaterThan(clears);
          const later = byHand + Math.min(behind, more);
          expect(packClears(byHand + behind, later)).toBeGreaterThan(clears);
        },
      ),
    );
  });
});
