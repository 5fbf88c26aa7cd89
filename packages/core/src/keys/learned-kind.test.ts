import { describe, expect, it } from 'vitest';
import type { KeyTable } from './key-table.ts';
import { learnedPerMinute } from './learned-cells.ts';
import { COUNTING, countingOf, doubtWindow, noteCounting } from './learned-kind.ts';
import { learnedWindowEnd } from './learned-limit.ts';
import { settle, tryReserve } from './reserve.ts';
import { commit } from './table-journal.ts';
import { at, candidateOf, keyOf, openTable, planOf, verdictOf } from './table-fixture.bench.ts';
import { SUCCESS } from './verdict.ts';

const MINUTE = 60_000;
const slowDown = verdictOf('slow_down');

/** Whether a provider that tells nothing lets a request through. */
type Limiter = (now: number) => boolean;

function bucketOf(most: number): Limiter {
  let level = most;
  let last = 0;
  return (now) => {
    level = Math.min(most, level + ((now - last) * most) / MINUTE);
    last = now;
    if (level < 1) return false;
    level -= 1;
    return true;
  };
}

function windowsOf(most: number, beginsAt: number): Limiter {
  let window = -1;
  let passed = 0;
  return (now) => {
    const present = Math.floor((now - beginsAt) / MINUTE);
    if (present !== window) passed = 0;
    window = present;
    if (passed >= most) return false;
    passed += 1;
    return true;
  };
}

function lastMinuteOf(most: number): Limiter {
  const times: number[] = [];
  return (now) => {
    while ((times[0] ?? Infinity) <= now - MINUTE) times.shift();
    if (times.length >= most) return false;
    times.push(now);
    return true;
  };
}

/** Offers a request every so many milliseconds, for so many minutes, and counts what was sent and what was refused. */
function drive(table: KeyTable, limiter: Limiter, everyMs: number, [from, to]: [number, number]) {
  const count = { served: 0, refused: 0 };
  const candidate = candidateOf(table, 'a');
  for (let now = from * MINUTE; now < to * MINUTE; now += everyMs) {
    const taken = tryReserve(table, candidate, now);
    if (typeof taken === 'string') continue;
    const passes = limiter(now);
    settle(table, taken, passes ? SUCCESS : slowDown, at(now + 20));
    if (passes) count.served += 1;
    else count.refused += 1;
  }
  return count;
}

const oneKey = (): KeyTable => openTable(planOf(keyOf('a')));

describe('how a provider counts that tells nothing', () => {
  it('is by the last 60 s until two refusals more speak for something else than against it', () => {
    const table = oneKey();
    expect(countingOf(table, 0)).toBe(COUNTING.lastMinute);
    noteCounting(table, 0, 'bucket');
    expect(countingOf(table, 0)).toBe(COUNTING.lastMinute);
    noteCounting(table, 0, 'bucket');
    expect(countingOf(table, 0)).toBe(COUNTING.bucket);
    for (let turn = 0; turn < 20; turn += 1) noteCounting(table, 0, 'window');
    commit(table);
    expect(countingOf(table, 0)).toBe(COUNTING.window);
    for (let turn = 0; turn < 5; turn += 1) doubtWindow(table, 0);
    commit(table);
    expect(countingOf(table, 0)).toBe(COUNTING.lastMinute);
  });

  it('is found to be a bucket, which is used up', () => {
    const table = oneKey();
    const limiter = bucketOf(12);
    drive(table, limiter, 40_000 / 12, [0, 12]);
    expect(countingOf(table, candidateOf(table, 'a').breaker)).toBe(COUNTING.bucket);
    const { served, refused } = drive(table, limiter, 40_000 / 12, [12, 32]);
    expect(served).toBeGreaterThan(0.95 * 12 * 20);
    expect(refused).toBeLessThan(8);
  });

  it.each([60, 300])('need not be known of a bucket of %i to use it up', (most) => {
    const table = oneKey();
    const limiter = bucketOf(most);
    drive(table, limiter, 40_000 / most, [0, 12]);
    const { served, refused } = drive(table, limiter, 40_000 / most, [12, 32]);
    expect(served).toBeGreaterThan(0.95 * most * 20);
    expect(refused).toBeLessThan(0.01 * served);
  });

  it.each([60, 300])('is found to be windows of %i, whose beginning is learned', (most) => {
    const table = oneKey();
    const limiter = windowsOf(most, 23_000);
    const { blocks, breaker } = candidateOf(table, 'a');
    // Sent in the second half of every window: the last 60 s hold more than the window does.
    for (let minute = 0; minute < 12; minute += 1) {
      drive(table, limiter, 30_000 / most, [minute + 0.2, minute + 0.95]);
    }
    expect(countingOf(table, breaker)).toBe(COUNTING.window);
    const end = learnedWindowEnd(table, blocks[0] ?? 0, breaker, 12 * MINUTE);
    expect(end).toBeLessThan(13 * MINUTE + 1000);
    expect((end - 23_000) % MINUTE).toBeGreaterThan(-1);
    expect(learnedPerMinute(table, blocks[0] ?? 0)).toBeLessThan(1.25 * most);
  });

  it('is found to be windows soon where they are large, and the next one is used from its beginning', () => {
    const table = oneKey();
    const limiter = windowsOf(6000, 40_000);
    const { blocks, breaker } = candidateOf(table, 'a');
    // 120 a second: the window that began at 0:40 is used up after 50 s, and asked again until 1:40.
    drive(table, limiter, 1000 / 120, [0, 1.5]);
    const closed = drive(table, limiter, 1000 / 120, [1.55, 1.66]);
    expect(closed).toMatchObject({ served: 0 });
    expect(closed.refused).toBeGreaterThan(3);
    expect(closed.refused).toBeLessThan(12);
    expect(countingOf(table, breaker)).toBe(COUNTING.window);
    const { served } = drive(table, limiter, 1000 / 120, [1.66, 2]);
    expect(served).toBeGreaterThan(0.85 * 120 * 20);
    expect(learnedWindowEnd(table, blocks[0] ?? 0, breaker, 2 * MINUTE)).toBeLessThan(161_500);
  });

  it.each([10, 100, 1000])('is never taken for anything else where %i pass in any 60 s', (most) => {
    const table = oneKey();
    drive(table, lastMinuteOf(most), 41_000 / most, [0, 15]);
    expect(countingOf(table, candidateOf(table, 'a').breaker)).toBe(COUNTING.lastMinute);
  });
});
