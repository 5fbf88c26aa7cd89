import { describe, expect, it } from 'vitest';
import { nextBackOffMs } from './back-off.ts';

describe('the wait before a worker is started again', () => {
  it('doubles from 50 ms to 5 s while workers end soon', () => {
    const waits: number[] = [];
    for (let crash = 0; crash < 9; crash += 1) waits.push(nextBackOffMs(waits.at(-1) ?? 0, 100));
    expect(waits).toEqual([50, 100, 200, 400, 800, 1600, 3200, 5000, 5000]);
  });

  it('starts anew for a worker that lived for more than 30 s', () => {
    expect(nextBackOffMs(5000, 30_000)).toBe(5000);
    expect(nextBackOffMs(5000, 30_001)).toBe(50);
  });
});
