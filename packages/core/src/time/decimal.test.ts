import { describe, expect, it } from 'vitest';
import { parseCount, parseDecimal, parsePercentage } from './decimal.ts';

describe('parseDecimal', () => {
  it.each([
    ['0', 0],
    [' 12.5 ', 12.5],
    ['-3', -3],
    ['+4', 4],
    ['.5', 0.5],
    ['5.', 5],
    ['1e3', 1000],
    ['1e400', Infinity],
    ['9'.repeat(400), Infinity],
    [undefined, null],
    ['', null],
    ['  ', null],
    ['NaN', null],
    ['Infinity', null],
    ['0x10', null],
    ['1,000', null],
    ['1 2', null],
    ['.', null],
    ['9'.repeat(1000), null],
  ])('reads %s as %s', (text, value) => {
    expect(parseDecimal(text)).toBe(value);
  });
});

describe('parseCount', () => {
  it.each([
    ['0', 0],
    ['149984', 149984],
    ['-1', null],
    ['1e400', null],
    ['many', null],
    [undefined, null],
  ])('reads %s as %s', (text, value) => {
    expect(parseCount(text)).toBe(value);
  });
});

describe('parsePercentage', () => {
  it.each([
    ['87.2%', 0.872],
    ['100 %', 1],
    ['0%', 0],
    ['87.2', null],
    ['%', null],
    ['1e999%', null],
    [undefined, null],
  ])('reads %s as %s', (text, value) => {
    expect(parsePercentage(text)).toBe(value);
  });
});
