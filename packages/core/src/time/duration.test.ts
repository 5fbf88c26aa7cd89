import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatDuration,
  parseGoDuration,
  parseMilliseconds,
  parseProtobufDuration,
  parseSeconds,
  readGoDuration,
} from './duration.ts';

describe('parseGoDuration', () => {
  it.each([
    ['6m0s', 360_000],
    ['17ms', 17],
    ['1h2m3.5s', 3_723_500],
    ['1m26.4s', 86_400],
    ['2m59.56s', 179_560],
    ['8.64s', 8640],
    ['0s', 0],
    ['0', 0],
    ['1.5h', 5_400_000],
    ['1d2h', 93_600_000],
    ['250us', 0.25],
    ['250µs', 0.25],
    ['1ns', 0.000001],
    ['-5s', -5000],
    ['+5s', 5000],
    [' 20s ', 20_000],
    ['1.984999999s', 1984.999999],
    [undefined, null],
    ['', null],
    ['-', null],
    ['5', null],
    ['s', null],
    ['5 s', null],
    ['5s and more', null],
    ['5x', null],
    ['5m6', null],
    ['m', null],
    ['1.5.5s', null],
    ['.5s', null],
    ['1µ', null],
    ['1u', null],
    ['1h1h1h1h1h1h1h1h1h', null],
    ['123456789012345s', 123_456_789_012_345_000],
    ['1234567890123456s', null],
    ['1.1234567890123456s', null],
    ['NaN', null],
    ['9'.repeat(40) + 's', null],
  ])('reads %s as %s ms', (text, ms) => {
    expect(parseGoDuration(text)).toBe(ms);
  });

  it('says how far a duration at the beginning of a text goes', () => {
    expect(readGoDuration('9.816s. Visit')).toEqual({ ms: 9816, length: 6 });
  });

  it('answers for every text, finite or null', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const ms = parseGoDuration(text);
        expect(ms === null || Number.isFinite(ms)).toBe(true);
      }),
    );
  });

  it('reads a long run of digits in linear time', () => {
    const startedAt = performance.now();
    expect(parseGoDuration('1'.repeat(500_000))).toBeNull();
    expect(parseGoDuration('1s'.repeat(250_000))).toBeNull();
    expect(performance.now() - startedAt).toBeLessThan(500);
  });
});

describe('plain numbers', () => {
  it.each([
    ['20', 20_000],
    ['0.5', 500],
    ['1e400', null],
    ['soon', null],
    [undefined, null],
  ])('reads %s seconds as %s ms', (text, ms) => {
    expect(parseSeconds(text)).toBe(ms);
  });

  it.each([
    ['1200', 1200],
    ['0.5', 0.5],
    ['1e400', null],
    ['', null],
  ])('reads %s milliseconds as %s ms', (text, ms) => {
    expect(parseMilliseconds(text)).toBe(ms);
  });

  it.each([
    ['22s', 22_000],
    ['3.5s', 3500],
    ['0.000001s', 0.001],
    ['-1s', -1000],
    ['22', null],
    ['s', null],
    ['1m2s', null],
    [undefined, null],
  ])('reads the protobuf duration %s as %s ms', (text, ms) => {
    expect(parseProtobufDuration(text)).toBe(ms);
  });
});

describe('formatDuration', () => {
  it.each([
    [0, '0s'],
    [-5, '0s'],
    [0.2, '1ms'],
    [450, '450ms'],
    [999.5, '1s'],
    [1000, '1s'],
    [1001, '2s'],
    [59_000, '59s'],
    [59_001, '1m'],
    [134_000, '2m 14s'],
    [3_599_000, '59m 59s'],
    [3_599_001, '1h'],
    [11_100_000, '3h 5m'],
    [86_399_999, '1d'],
    [187_200_000, '2d 4h'],
    [Number.NaN, 'unknown'],
    [Infinity, 'forever'],
  ])('shows %s ms as %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
});
