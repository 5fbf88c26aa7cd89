import { array, assert, nat, oneof, option, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BodyBuffer } from './body-buffer.ts';

const piecesOf = (sizes: readonly number[]): Buffer[] =>
  sizes.map((size, index) => Buffer.alloc(size, (index % 250) + 1));

describe('a body that comes in pieces', () => {
  it('is what the pieces held, whatever their sizes and whatever was announced', () => {
    assert(
      property(
        array(oneof(nat(40), nat(200_000)), { maxLength: 12 }),
        option(nat(2_000_000)),
        (sizes, announced) => {
          const whole = Buffer.concat(piecesOf(sizes));
          const body = new BodyBuffer(announced);
          for (const piece of piecesOf(sizes)) body.push(piece);
          expect(body.bytes).toBe(whole.length);
          expect(whole.equals(body.take())).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('keeps nothing of memory that is used again for the next piece', () => {
    for (const announced of [null, 900_000]) {
      const body = new BodyBuffer(announced);
      const reused = Buffer.allocUnsafeSlow(100_000);
      for (let piece = 0; piece < 9; piece += 1) body.push(reused.fill(piece + 1));
      const whole = body.take();
      expect(Array.from({ length: 9 }, (_, piece) => whole[piece * 100_000])).toEqual([
        1, 2, 3, 4, 5, 6, 7, 8, 9,
      ]);
      expect(reused.buffer.byteLength).toBe(100_000);
    }
  });

  it('takes no memory for what is only announced', () => {
    const before = process.memoryUsage().arrayBuffers;
    const body = new BodyBuffer(1_000_000_000);
    for (let piece = 0; piece < 4; piece += 1) body.push(Buffer.allocUnsafeSlow(100_000));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4_000_000);
    expect(body.bytes).toBe(400_000);
  });
});
