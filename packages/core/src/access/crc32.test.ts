import { crc32 as reference } from 'node:zlib';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { crc32, crc32OfBytes } from './crc32.ts';

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

it('is what zlib computes of bytes, whole and gone on with', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.uint8Array(), (head, tail) => {
      const all = new Uint8Array([...head, ...tail]);
      expect(crc32OfBytes(all, 0, all.length)).toBe(reference(all));
      expect(crc32OfBytes(all, head.length, all.length)).toBe(reference(tail));
      const first = crc32OfBytes(all, 0, head.length);
      expect(crc32OfBytes(all, head.length, all.length, first)).toBe(reference(all));
    }),
  );
});
