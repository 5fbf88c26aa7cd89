import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../testkit/src/seeded-random.ts';
import type { KeyTable } from './key-table.ts';
import {
  countPassed,
  firstPassedAt,
  leastRefill,
  mostPassed,
  passedFallsTo,
  passedIn,
  passedSince,
  uncountPassed,
} from './passed-ring.ts';
import { learnedCell } from './learned-cells.ts';
import { BUCKET_MS, BUCKET_STATES, countOf } from './passed-bucket.ts';
import { commit } from './table-journal.ts';
import { LEARNED } from './table-layout.ts';
import { candidateOf, keyOf, openTable, planOf } from './table-fixture.bench.ts';

const MINUTE = 60_000;
/** How long a bucket is: by less than that a request in it may be taken to be older or younger than it is. */
const BUCKET = BUCKET_MS;
/** Part of a bucket, and what calls may overtake each other by. */
const LATEST = MINUTE + BUCKET + 122 + 200;

function openRing(): { readonly table: KeyTable; readonly block: number } {
  const table = openTable(planOf(keyOf('a')));
  return { table, block: candidateOf(table, 'a').blocks[0] ?? 0 };
}

/** What the buckets from this one on have counted, read in the plainest way: three in a cell. */
function countsFrom(table: KeyTable, block: number, first: number): number {
  const read = (cell: number): number => table.cells[learnedCell(block, cell)] ?? 0;
  const newest = Math.floor(read(LEARNED.counted) / 2 ** 19) - 1;
  const states = BigInt(BUCKET_STATES);
  let sum = 0;
  for (let bucket = Math.max(first, newest - 71); bucket <= newest; bucket += 1) {
    const cell = BigInt(read(LEARNED.buckets + Math.floor((bucket % 72) / 3)));
    sum += countOf(Number((cell / states ** BigInt(bucket % 3)) % states));
  }
  return sum;
}

describe('what passed in the last minute', () => {
  it('is nothing before anything was sent', () => {
    const { table, block } = openRing();
    expect(passedIn(table, block, 0)).toBe(0);
    expect(mostPassed(table, block, 1e9)).toBe(0);
    expect(passedSince(table, block, 4000, 5000)).toBe(0);
    expect(leastRefill(table, block, 5000)).toBe(0);
    expect(firstPassedAt(table, block, 5000)).toBe(5000);
    expect(passedFallsTo(table, block, 0, 5000)).toBe(5000);
  });

  it.each([1, 2, 3, 4, 5, 6])(
    'counts the last 60 s, but for less than a bucket, seed %i',
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
        expect(passed).toBeGreaterThanOrEqual(counted(now - MINUTE + BUCKET));
        expect(passed).toBeLessThanOrEqual(counted(now - LATEST));
        expect(mostPassed(table, block, now)).toBeLessThanOrEqual(passed + 1);
        const recent = passedSince(table, block, now - 10_000, now);
        expect(recent).toBeGreaterThanOrEqual(counted(now - 10_000 + BUCKET));
        expect(recent).toBeLessThanOrEqual(counted(now - 10_000 - BUCKET));
        const half = Math.floor(passed / 2);
        const falls = passedFallsTo(table, block, half, now);
        expect(passedIn(table, block, falls)).toBeLessThanOrEqual(half);
        expect(falls === now || passedIn(table, block, falls - 1) >= half).toBe(true);
      }
    },
  );

  it.each([1, 2, 3, 4])('sums what its buckets say, wherever the sum begins, seed %i', (seed) => {
    const random = seededRandom(seed);
    const { table, block } = openRing();
    let now = random() < 0.5 ? random() * 3000 : random() * 1e10;
    for (let step = 0; step < 400; step += 1) {
      now += random() < 0.03 ? random() * 90_000 : random() * 900;
      // Some buckets are full to the brim.
      const calls = random() < 0.02 ? 2100 : Math.floor(random() * 9);
      for (let call = 0; call < calls; call += 1) countPassed(table, block, now);
      if (random() < 0.3) uncountPassed(table, block, now - random() * 30_000);
      commit(table);
      for (let look = 0; look < 8; look += 1) {
        const from = Math.ceil((now - random() * MINUTE) / BUCKET);
        if (from < 0) continue;
        expect(passedSince(table, block, from * BUCKET, now)).toBe(countsFrom(table, block, from));
      }
    }
  });

  it('counts no further than it can in a bucket, and spills into no other', () => {
    const { table, block } = openRing();
    for (let sent = 0; sent < 10_000; sent += 1) countPassed(table, block, 100);
    countPassed(table, block, 2100);
    commit(table);
    expect(passedIn(table, block, 2100)).toBe(2048);
    expect(passedIn(table, block, 62_100)).toBe(1);
  });

  it('knows a request that is alone in its bucket to 14 ms', () => {
    const { table, block } = openRing();
    const sent = Array.from({ length: 12 }, (_, place) => 1000 + place * 4700);
    for (const at of sent) countPassed(table, block, at);
    commit(table);
    for (const [place, at] of sent.entries()) {
      expect(passedIn(table, block, at + MINUTE + 44)).toBe(12 - place);
      expect(passedIn(table, block, at + MINUTE + 45 + 14)).toBe(11 - place);
    }
  });

  it('gives back at once what was sent at once, and what was spread over a bucket a little later than it was sent', () => {
    const { table, block } = openRing();
    const start = 100 * BUCKET;
    for (let sent = 0; sent < 100; sent += 1) countPassed(table, block, start + 400);
    for (let sent = 0; sent < 100; sent += 1)
      countPassed(table, block, start + BUCKET * (1 + sent / 100));
    commit(table);
    expect(passedIn(table, block, start + 400 + MINUTE + 45)).toBe(200);
    expect(passedIn(table, block, start + 400 + MINUTE + 50 + 150)).toBe(100);
    const half = passedIn(table, block, start + BUCKET * 1.5 + MINUTE + 50);
    expect(half).toBeGreaterThanOrEqual(50);
    expect(half).toBeLessThan(75);
  });

  it('tells the least that a bucket must hold to have let it through', () => {
    const { table, block } = openRing();
    for (let sent = 0; sent < 20; sent += 1) countPassed(table, block, 1000 + sent * 3000);
    commit(table);
    // Twenty within a minute: ten that it held, and ten that it has regained.
    expect(leastRefill(table, block, 60_000)).toBeGreaterThan(9.5);
    expect(leastRefill(table, block, 60_000)).toBeLessThan(10.5);
  });
});
