import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../testkit/src/seeded-random.ts';
import type { KeyTable } from './key-table.ts';
import {
  countPassed,
  firstPassedAt,
  passedFallsTo,
  passedIn,
  sharePassed,
  uncountPassed,
} from './passed-ring.ts';
import { commit } from './table-journal.ts';
import { candidateOf, keyOf, openTable, planOf } from './table-fixture.bench.ts';

const MINUTE = 60_000;
/** A bucket and what calls may overtake each other by. */
const LATEST = MINUTE + 1820;

function openRing(): { readonly table: KeyTable; readonly block: number } {
  const table = openTable(planOf(keyOf('a')));
  return { table, block: candidateOf(table, 'a').blocks[0] ?? 0 };
}

describe('what passed in the last minute', () => {
  it('is nothing before anything was sent', () => {
    const { table, block } = openRing();
    expect(passedIn(table, block, 0)).toBe(0);
    expect(sharePassed(table, block, 1e9)).toBe(0);
    expect(firstPassedAt(table, block, 5000)).toBe(5000);
    expect(passedFallsTo(table, block, 0, 5000)).toBe(5000);
  });

  it.each([1, 2, 3, 4, 5, 6])(
    'never counts less than the last 60 s, nor what is a bucket older, seed %i',
    (seed) => {
      const random = seededRandom(seed);
      const { table, block } = openRing();
      const sent: number[] = [];
      const counted = (from: number): number => sent.filter((each) => each > from).length;
      let now = random() * 1e6;
      for (let step = 0; step < 3000; step += 1) {
        now += random() < 0.01 ? random() * 200_000 : random() * 400;
        if (random() < 0.7 || sent.length === 0) {
          countPassed(table, block, now);
          sent.push(now);
        } else if (random() < 0.3) {
          const [last = 0] = sent.splice(-1, 1);
          if (now - last > 1000) sent.push(last);
          else uncountPassed(table, block, last);
        }
        commit(table);
        const passed = passedIn(table, block, now);
        expect(passed).toBeGreaterThanOrEqual(counted(now - MINUTE));
        expect(passed).toBeLessThanOrEqual(counted(now - LATEST));
        expect(sharePassed(table, block, now)).toBeLessThanOrEqual(passed);
        const half = Math.floor(passed / 2);
        const falls = passedFallsTo(table, block, half, now);
        expect(passedIn(table, block, falls)).toBeLessThanOrEqual(half);
        expect(falls === now || passedIn(table, block, falls - 1) > half).toBe(true);
      }
    },
  );

  it('counts no further than it can in a bucket, and spills into no other', () => {
    const { table, block } = openRing();
    for (let sent = 0; sent < 10_000; sent += 1) countPassed(table, block, 100);
    countPassed(table, block, 2100);
    commit(table);
    expect(passedIn(table, block, 2100)).toBe(8192);
    expect(passedIn(table, block, 62_200)).toBe(1);
  });
});
