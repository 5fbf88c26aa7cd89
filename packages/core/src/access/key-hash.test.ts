import { describe, expect, it } from 'vitest';
import { formatKeyHash, keyHashOf, parseKeyHash } from './key-hash.ts';

const HEX = '0123456789abcdef'.repeat(4);

describe('a key hash', () => {
  it('is written and read back', () => {
    expect(formatKeyHash(HEX)).toBe(`kwh_${HEX}`);
    expect(parseKeyHash(`kwh_${HEX}`)).toBe(HEX);
  });

  it('is lower case, whatever the case it was given in', () => {
    expect(formatKeyHash(HEX.toUpperCase())).toBe(`kwh_${HEX}`);
    expect(parseKeyHash(` kwh_${HEX.toUpperCase()}\n`)).toBe(HEX);
  });

  it('hashes the whole key with the function it is given', () => {
    const seen: string[] = [];
    const line = keyHashOf('kw_key', (text) => {
      seen.push(text);
      return HEX;
    });
    expect(line).toBe(`kwh_${HEX}`);
    expect(seen).toEqual(['kw_key']);
  });

  it.each([
    ['', 'nothing'],
    [HEX, 'no prefix'],
    [`KWH_${HEX}`, 'another prefix'],
    [`kwh_${HEX.slice(1)}`, 'too short'],
    [`kwh_${HEX}0`, 'too long'],
    [`kwh_${HEX.slice(1)}g`, 'another alphabet'],
    [`kwh_ ${HEX.slice(1)}`, 'a blank'],
  ])('is not %s (%s)', (line) => {
    expect(parseKeyHash(line)).toBeNull();
  });

  it('is never made of something else', () => {
    expect(() => formatKeyHash('abc')).toThrow(RangeError);
  });
});
