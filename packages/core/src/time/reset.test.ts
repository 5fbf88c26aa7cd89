import { describe, expect, it } from 'vitest';
import { parseReset } from './reset.ts';

const NOW = Date.UTC(2026, 10, 23, 12, 0, 0);

describe('parseReset', () => {
  it.each([
    ['6m0s', 360_000],
    ['17ms', 17],
    ['12.5', 12_500],
    ['0', 0],
    [String(NOW / 1000 + 60), 60_000],
    [String(NOW + 60_000), 60_000],
    [String(NOW - 60_000), -60_000],
    ['2026-11-23T12:01:00Z', 60_000],
    ['Mon, 23 Nov 2026 12:01:00 GMT', 60_000],
    ['-1', null],
    ['1e400', null],
    ['later', null],
    ['', null],
    [undefined, null],
  ])('reads %s as %s ms from now', (text, ms) => {
    expect(parseReset(text, NOW)).toBe(ms);
  });
});
