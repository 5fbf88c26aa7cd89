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

  it('gives back what a piece of a large body held as soon as it is copied', () => {
    const body = new BodyBuffer(1_000_000);
    const pieces = Array.from({ length: 10 }, () => Buffer.allocUnsafeSlow(100_000));
    for (const piece of pieces) body.push(piece);
    expect(pieces.map((piece) => piece.buffer.byteLength)).toEqual(pieces.map(() => 0));
    expect(body.take()).toHaveLength(1_000_000);
  });

  it('leaves alone what is part of memory that others hold', () => {
    const body = new BodyBuffer(900_000);
    const shared = Buffer.allocUnsafeSlow(1_000_000);
    body.push(shared.subarray(0, 400_000));
    body.push(shared.subarray(400_000, 900_000));
    expect(shared.buffer.byteLength).toBe(1_000_000);
    expect(body.take()).toHaveLength(900_000);
  });

  it('takes no memory for what is only announced', () => {
    const before = process.memoryUsage().arrayBuffers;
    const body = new BodyBuffer(1_000_000_000);
    for (let piece = 0; piece < 4; piece += 1) body.push(Buffer.allocUnsafeSlow(100_000));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4_000_000);
    expect(body.bytes).toBe(400_000);
  });
});
