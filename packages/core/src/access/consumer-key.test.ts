import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CONSUMER_KEY_ID_BYTES,
  CONSUMER_KEY_LENGTH,
  CONSUMER_KEY_SECRET_BYTES,
  formatConsumerKey,
  parseConsumerKey,
} from './consumer-key.ts';

const bytes = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length });
const anyKey = fc
  .tuple(bytes(CONSUMER_KEY_ID_BYTES), bytes(CONSUMER_KEY_SECRET_BYTES))
  .map(([id, secret]) => formatConsumerKey(id, secret));
const ZERO = formatConsumerKey(new Uint8Array(7), new Uint8Array(32));

describe('a consumer key', () => {
  it('has the published form', () => {
    expect(ZERO).toBe(`kw_0000000000_${'0'.repeat(43)}${ZERO.slice(-6)}`);
    expect(ZERO).toHaveLength(CONSUMER_KEY_LENGTH);
    expect(CONSUMER_KEY_LENGTH).toBe(63);
    fc.assert(
      fc.property(anyKey, (key) => {
        expect(key).toMatch(/^kw_[0-9A-Za-z]{10}_[0-9A-Za-z]{49}$/);
      }),
    );
  });

  it('names its id', () => {
    fc.assert(
      fc.property(anyKey, (key) => {
        expect(parseConsumerKey(key)).toEqual({ id: key.slice(3, 13) });
      }),
    );
  });

  it('is not recognised with any one character changed', () => {
    const letters = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-.é';
    fc.assert(
      fc.property(
        anyKey,
        fc.nat({ max: CONSUMER_KEY_LENGTH - 1 }),
        fc.constantFrom(...letters.split('')),
        (key, at, letter) => {
          const changed = key.slice(0, at) + letter + key.slice(at + 1);
          expect(parseConsumerKey(changed) === null).toBe(changed !== key);
        },
      ),
    );
  });

  it('is not recognised with two neighbours exchanged', () => {
    fc.assert(
      fc.property(anyKey, fc.nat({ max: CONSUMER_KEY_LENGTH - 2 }), (key, at) => {
        const swapped = key.slice(0, at) + key.charAt(at + 1) + key.charAt(at) + key.slice(at + 2);
        expect(parseConsumerKey(swapped) === null).toBe(swapped !== key);
      }),
    );
  });

  it.each([
    ['nothing', ''],
    ['another prefix', `sk_${ZERO.slice(3)}`],
    ['a capital prefix', ZERO.toUpperCase()],
    ['one character less', ZERO.slice(0, -1)],
    ['one character more', `${ZERO}0`],
    ['a blank around it', ` ${ZERO}`],
    ['a line end', `${ZERO.slice(0, -1)}\n`],
    ['a NUL', ZERO.replace('0', '\0')],
    ['a character outside ASCII', ZERO.replace('0', 'ο')],
    ['no separator', ZERO.replace('0000000000_', '00000000000')],
    ['a megabyte', 'kw_'.padEnd(1_000_000, '0')],
  ])('is not %s', (_, text) => {
    expect(parseConsumerKey(text)).toBeNull();
  });

  it('takes exactly as many random bytes as it says', () => {
    expect(() => formatConsumerKey(new Uint8Array(8), new Uint8Array(32))).toThrow(RangeError);
    expect(() => formatConsumerKey(new Uint8Array(7), new Uint8Array(31))).toThrow(RangeError);
  });
});
