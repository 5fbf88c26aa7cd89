import { crc32 as reference } from 'node:zlib';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { crc32 } from './crc32.ts';

it('is the check value of the CRC catalogue', () => {
  expect(crc32('123456789')).toBe(0xcbf43926);
});

it('is what zlib computes, for a whole text and for its beginning', () => {
  const ascii = fc.string({ unit: 'grapheme-ascii' });
  fc.assert(
    fc.property(ascii, ascii, (head, tail) => {
      expect(crc32(head)).toBe(reference(head));
      expect(crc32(head + tail, head.length)).toBe(reference(head));
    }),
  );
});
