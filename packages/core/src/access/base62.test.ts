import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { base62Value, decodeBase62, encodeBase62 } from './base62.ts';

describe('base 62', () => {
  it.each([
    [[0], 2, '00'],
    [[61], 2, '0z'],
    [[62], 2, '10'],
    [[255], 2, '47'],
    [[1, 0], 3, '048'],
    [[], 0, ''],
  ])('writes %s in %i digits as %s', (bytes, length, text) => {
    expect(encodeBase62(Uint8Array.from(bytes), length)).toBe(text);
  });

  it('gives every number its own text and reads it back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
        const text = encodeBase62(bytes, 43);
        expect(text).toHaveLength(43);
        expect(decodeBase62(text, 32)).toEqual(bytes);
      }),
    );
  });

  it('keeps the order of numbers', () => {
    const largest = encodeBase62(new Uint8Array(32).fill(255), 43);
    expect(largest > encodeBase62(new Uint8Array(32).fill(254), 43)).toBe(true);
  });

  it('refuses to lose a bit', () => {
    expect(() => encodeBase62(new Uint8Array(8), 10)).toThrow(RangeError);
    expect(encodeBase62(new Uint8Array(7), 10)).toBe('0000000000');
  });

  it.each(['!', '-', '_', 'é', ' ', '0Ω'])('does not read %s', (text) => {
    expect(decodeBase62(text, 4)).toBeNull();
  });

  it('does not read a number that is too large', () => {
    expect(decodeBase62('z'.repeat(43), 32)).toBeNull();
  });

  it('knows exactly 62 digits', () => {
    const values = Array.from({ length: 0x10000 }, (_, code) => base62Value(code));
    expect(values.filter((value) => value >= 0).toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 62 }, (_, value) => value),
    );
  });
});
