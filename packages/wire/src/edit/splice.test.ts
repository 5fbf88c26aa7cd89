import { describe, expect, it } from 'vitest';
import { splice, spliceApart } from './splice.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (result: Uint8Array): string => new TextDecoder().decode(result);

describe('splice', () => {
  it('gives back the very body when there is nothing to edit', () => {
    const body = bytes('abc');
    expect(splice(body, [])).toBe(body);
  });

  it('replaces, inserts and removes, in any order, and leaves the rest', () => {
    const edits = [
      { start: 4, end: 5, bytes: bytes('FOUR') },
      { start: 0, end: 0, bytes: bytes('<') },
      { start: 1, end: 3, bytes: bytes('') },
      { start: 6, end: 6, bytes: bytes('>') },
    ];
    expect(text(splice(bytes('012345'), edits))).toBe('<03FOUR5>');
    expect(spliceApart(bytes('012345'), edits).map(text).join('')).toBe('<03FOUR5>');
  });

  it('writes every byte of the memory it is given, wherever that and the body lie', () => {
    const given: number[] = [];
    const allocate = (length: number): Uint8Array => {
      given.push(length);
      return new Uint8Array(length + 8).fill(0x21).subarray(5, 5 + length);
    };
    const parts = ['a'.repeat(47), 'b'.repeat(48), 'c'.repeat(49), 'd'.repeat(300)];
    for (const [first, second] of parts.flatMap((one) => parts.map((two) => [one, two] as const)))
      for (const name of ['', 'new', 'n'.repeat(100)]) {
        const body = bytes(`###${first}old${second}###`).subarray(3, -3);
        const edit = { start: first.length, end: first.length + 3, bytes: bytes(name) };
        expect(text(splice(body, [edit], allocate))).toBe(first + name + second);
        expect(given.at(-1)).toBe(body.length - 3 + name.length);
      }
    const body = bytes('abc');
    const asked = given.length;
    expect(splice(body, [], allocate)).toBe(body);
    expect(given.length).toBe(asked);
  });

  it.each([
    [[{ start: 2, end: 7 }]],
    [[{ start: 3, end: 2 }]],
    [[{ start: -1, end: 2 }]],
    [
      [
        { start: 0, end: 3 },
        { start: 2, end: 4 },
      ],
    ],
  ])('throws for edits that do not fit: %j', (spans) => {
    const edits = spans.map((span) => ({ ...span, bytes: bytes('x') }));
    expect(() => splice(bytes('012345'), edits)).toThrow(RangeError);
    expect(() => spliceApart(bytes('012345'), edits)).toThrow(RangeError);
  });

  it('copies nothing of a body that is given in pieces', () => {
    const body = bytes('a large body');
    const pieces = spliceApart(body, [{ start: 2, end: 7, bytes: bytes('small') }]);
    expect(pieces.map(text)).toEqual(['a ', 'small', ' body']);
    expect(pieces[0]?.buffer).toBe(body.buffer);
    expect(pieces[2]?.buffer).toBe(body.buffer);
    expect(spliceApart(body, []).map(text)).toEqual(['a large body']);
  });
});
