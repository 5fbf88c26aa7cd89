import { expect, test } from 'vitest';
import { goDuration } from './go-duration.ts';

test.each([
  [0, '0s'],
  [-5, '0s'],
  [0.2, '1ms'],
  [6, '6ms'],
  [999.5, '1s'],
  [1500, '1.5s'],
  [8640, '8.64s'],
  [60_000, '1m0s'],
  [360_000, '6m0s'],
  [432_000, '7m12s'],
  [3_723_500, '1h2m3.5s'],
  [86_400_000, '24h0m0s'],
])('%d ms is written as Go writes it: %s', (ms, text) => {
  expect(goDuration(ms)).toBe(text);
});
