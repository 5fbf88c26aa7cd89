import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { liftStrings, lowerApart, lowerStrings } from './lift-strings.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (of: Uint8Array): string => new TextDecoder().decode(of);
const allocate = (length: number): Uint8Array => new Uint8Array(length);
const LONG = 'QUJD'.repeat(8192);

/** As a codec would: parses what is small, writes it anew, has the strings put back. */
function rewritten(body: string, edit: (value: unknown) => unknown = (value) => value): string {
  const { small, strings } = liftStrings(bytes(body));
  return text(lowerStrings(JSON.stringify(edit(JSON.parse(text(small)))), strings, allocate));
}

describe('lifting long strings', () => {
  it('leaves a small text parse and puts every picture back byte for byte', () => {
    const body = JSON.stringify({ a: `data:image/png;base64,${LONG}`, b: [LONG], c: 'short' });
    const { small, strings } = liftStrings(bytes(body));
    expect(small.length).toBeLessThan(100);
    expect(strings).toHaveLength(2);
    expect(text(small)).toContain('data:image/png;base64,');
    expect(rewritten(body)).toBe(body);
  });

  it('gives the very body back where nothing is long', () => {
    const body = bytes('{"a":"b"}');
    expect(liftStrings(body).small).toBe(body);
  });

  it('gives the strings themselves where the pieces are wanted apart', () => {
    const body = bytes(JSON.stringify({ a: LONG, b: 1 }));
    const { small, strings } = liftStrings(body);
    const pieces = lowerApart(text(small), strings);
    expect(pieces).toHaveLength(3);
    expect(pieces[1]?.buffer).toBe(body.buffer);
    expect(pieces.map(text).join('')).toBe(text(body));
  });

  it('leaves the mark on a signature that tells whose it is', () => {
    const body = JSON.stringify({ signature: `Keywell/anth${LONG}` });
    expect(text(liftStrings(bytes(body)).small)).toContain('"Keywell/anth');
    expect(rewritten(body)).toBe(body);
  });

  it.each([0, 1, 100, 16_383, 16_384, 16_385, 40_000])(
    'finds a string wherever it begins: behind %i bytes',
    (before) => {
      const long = LONG.slice(0, 16_384);
      const body = JSON.stringify(['x '.repeat(before).slice(0, before), long, 'y', long, 1, LONG]);
      expect(liftStrings(bytes(body)).strings.map(text)).toEqual([long, long, LONG]);
      expect(rewritten(body)).toBe(body);
    },
  );

  it('leaves what is a byte too short, and what only looks like a whole string', () => {
    const short = LONG.slice(0, 16_383);
    const body = JSON.stringify({
      short,
      quoted: `says "${LONG}" and \\"${LONG}`,
      url: `data:a,${LONG}`,
      far: `data:${'a'.repeat(300)};base64,${LONG}`,
      twice: `data:a;base64,b;base64,${LONG}`,
    });
    expect(liftStrings(bytes(body)).strings).toEqual([]);
  });

  it('lets strings be moved and dropped', () => {
    const body = JSON.stringify({ a: LONG, b: `data:;base64,${LONG}x`, c: 1 });
    const moved = rewritten(body, (value) => ({ z: [Reflect.get(Object(value), 'a')] }));
    expect(moved).toBe(JSON.stringify({ z: [LONG] }));
  });

  it('leaves text, tool arguments and whatever else is not base64 where it is', () => {
    const words = 'two words '.repeat(4000);
    const body = JSON.stringify({ words, args: JSON.stringify({ q: words }), url: `${LONG}%20` });
    expect(liftStrings(bytes(body)).strings).toEqual([]);
  });

  it('cannot be fooled by marks that a caller writes', () => {
    const body = JSON.stringify({ a: LONG, b: '\uE0000\uE001' });
    expect(liftStrings(bytes(body)).strings).toEqual([]);
    expect(rewritten(body)).toBe(body);
  });

  it('does not take an escaped mark for one of its own', () => {
    const body = `{"a":"${LONG}","b":"\\ue0000\\ue001"}`;
    expect(liftStrings(bytes(body)).strings).toEqual([]);
    expect(JSON.parse(rewritten(body))).toEqual(JSON.parse(body));
  });

  it('never changes what a body says', () => {
    const long = fc.constantFrom(
      LONG,
      `data:a/b;base64,${LONG}`,
      `${LONG}\\`,
      `${LONG}"`,
      `"${LONG}`,
    );
    fc.assert(
      fc.property(fc.json(), fc.array(long, { maxLength: 3 }), (json, strings) => {
        const body = JSON.stringify({ json: JSON.parse(json), strings });
        expect(JSON.parse(rewritten(body))).toEqual(JSON.parse(body));
      }),
      { numRuns: 50 },
    );
  });
});
