import { describe, expect, it } from 'vitest';
import { splice } from './splice.ts';

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
  });
});
