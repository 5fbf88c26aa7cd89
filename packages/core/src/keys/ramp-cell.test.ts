import { describe, expect, it } from 'vitest';
import { LONGEST_RAMP_MS, packRamp, rampAtIn, rampMsIn } from './ramp-cell.ts';

describe('a ramp in one cell', () => {
  it.each([
    [0, LONGEST_RAMP_MS],
    [0.5, 250],
    [1234.75, 1],
    [1.8e12, 12_345],
    [1.8e12, LONGEST_RAMP_MS],
  ])('keeps when it began and how long it takes, closely enough: %d, %d ms', (at, lengthMs) => {
    const ramp = packRamp(at, lengthMs);
    expect(ramp).toBeGreaterThan(0);
    expect(rampAtIn(ramp)).toBe(Math.floor(at));
    expect(Math.abs(rampMsIn(ramp) - lengthMs)).toBeLessThan(60);
    expect(rampMsIn(ramp)).toBeGreaterThan(0);
  });
});
