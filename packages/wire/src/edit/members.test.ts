import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileMemberEdit, editMembers, editObject } from './members.ts';

const EDIT = compileMemberEdit({
  unsupported: ['a', 'b'],
  without: ['model'],
  plus: { version: 'v1' },
});
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const edited = (text: string): string =>
  new TextDecoder().decode(editMembers(bytes(text), EDIT).body);

describe('members that a host will not have', () => {
  it.each([
    ['{"x":1,"a":2,"b":3}', '{"version":"v1","x":1}'],
    ['{"a":2,"x":1,"b":3}', '{"version":"v1","x":1}'],
    ['{ "a" : 2 , "b":3 , "x" : 1 }', '{"version":"v1",  "x" : 1 }'],
    ['{"x":{"a":1},"model":"m"}', '{"version":"v1","x":{"a":1}}'],
    ['{"x":1.0000000000000000001,"version":"old"}', '{"x":1.0000000000000000001,"version":"v1"}'],
  ])('are taken out of %s: %s', (body, result) => {
    expect(edited(body)).toBe(result);
  });

  it('are named when their host does not know them, and not when they only stand elsewhere', () => {
    expect(editMembers(bytes('{"x":1,"a":2,"model":"m"}'), EDIT).dropped).toEqual(['a']);
    expect(editObject({ x: 1, a: 2, model: 'm' }, EDIT)).toEqual({
      body: { x: 1, version: 'v1' },
      dropped: ['a'],
    });
  });

  it('are not named where they were never written', () => {
    expect(editObject({ x: 1, a: undefined }, EDIT)).toEqual({
      body: { x: 1, version: 'v1' },
      dropped: [],
    });
  });

  it('the bytes and the object always say the same', () => {
    const member = fc.constantFrom('a', 'b', 'model', 'version', 'x', 'y');
    const space = fc.constantFrom('', ' ', '\n\t ');
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(member, fc.json()), { selector: ([name]) => name }),
        space,
        (members, gap) => {
          const all = [['messages', '[]'], ...members];
          const text = `{${all.map(([name, json]) => `${gap}"${name}"${gap}:${gap}${json}${gap}`).join(',')}}`;
          expect(JSON.parse(edited(text))).toEqual(editObject(JSON.parse(text), EDIT).body);
        },
      ),
    );
  });
});
