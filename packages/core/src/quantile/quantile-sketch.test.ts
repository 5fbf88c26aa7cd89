import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { QuantileSketch } from './quantile-sketch.ts';

describe('QuantileSketch', () => {
  it('says nothing before twenty observations', () => {
    const sketch = new QuantileSketch();
    for (let index = 0; index < 19; index += 1) sketch.observe(100);
    expect(sketch.quantile(0.95)).toBeNull();
    sketch.observe(100);
    expect(sketch.quantile(0.95)).toBeGreaterThanOrEqual(100);
  });

  it('is never below the true quantile and at most 10 % above it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 1_000_000 }), { minLength: 20, maxLength: 500 }),
        fc.constantFrom(0.5, 0.9, 0.95),
        (values, share) => {
          const sketch = new QuantileSketch();
          for (const value of values) sketch.observe(value);
          const sorted = values.toSorted((a, b) => a - b);
          const exact = sorted[Math.ceil(share * sorted.length - 1e-9) - 1] ?? 0;
          const told = sketch.quantile(share) ?? 0;
          expect(told).toBeGreaterThanOrEqual(exact * 0.999_999);
          expect(told).toBeLessThanOrEqual(exact * 1.100_001);
        },
      ),
    );
  });

  it('follows a change within a few hundred observations', () => {
    const sketch = new QuantileSketch();
    for (let index = 0; index < 10_000; index += 1) sketch.observe(100);
    for (let index = 0; index < 2000; index += 1) sketch.observe(5000);
    expect(sketch.quantile(0.5)).toBeGreaterThan(4999);
  });

  it('takes any number for what it is: a bound, or nothing', () => {
    const sketch = new QuantileSketch();
    for (const value of [Number.NaN, -1, 0, Number.NEGATIVE_INFINITY]) {
      for (let index = 0; index < 30; index += 1) sketch.observe(value);
    }
    expect(sketch.quantile(0.5)).toBeNull();
    for (let index = 0; index < 30; index += 1) sketch.observe(Number.POSITIVE_INFINITY);
    expect(sketch.quantile(0.5)).toBeGreaterThan(9_000_000);
  });
});
