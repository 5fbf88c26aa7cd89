import * as fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { compileFields } from './field-set.ts';
import { ABSENT, ARRAY, NULL, NUMBER, OBJECT, STRING } from './kind.ts';
import { skimObject } from './skim.ts';
import { createSpans } from './spans.ts';

// Wide, for machines that are busy with something else.
vi.setConfig({ testTimeout: 30_000 });

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const NAMES = ['a', 'usage', 'choices'];
const FIELDS = compileFields(NAMES);
const SPANS = createSpans(NAMES.length);

function skim(bytes: Uint8Array, start = 0, end = bytes.length): Record<string, string> | null {
  if (!skimObject(bytes, FIELDS, SPANS, { start, end })) return null;
  const result: Record<string, string> = {};
  for (const [index, name] of NAMES.entries()) {
    if (SPANS.kind[index] === ABSENT) continue;
    result[name] = decoder.decode(bytes.subarray(SPANS.start[index], SPANS.end[index]));
  }
  return result;
}
const see = (text: string) => skim(encoder.encode(text));

/** Any JSON object, with strings that are long, escaped and full of what structures JSON. */
function documents(): fc.Arbitrary<string> {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 12 }),
    fc.string({ unit: fc.constantFrom('"', '\\', '{', '}', '[', ']', ',', 'x'), maxLength: 120 }),
    fc.constantFrom('x'.repeat(31), 'x'.repeat(32), `${'x'.repeat(33)}\\`, `${'x'.repeat(64)}"`),
  );
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom(null, true, false, 0, -1.5e300, 1e-7),
      text,
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(text, tie('value'), { maxKeys: 4 }),
    ),
  }));
  const key = fc.oneof(fc.constantFrom(...NAMES), text);
  return fc
    .tuple(fc.dictionary(key, value, { maxKeys: 6 }), fc.constantFrom(undefined, ' ', '\t'))
    .map(([root, indent]) => JSON.stringify(root, null, indent));
}

describe('a document that is whole', () => {
  it('shows each member of the top level as JSON.parse reads it', () => {
    fc.assert(
      fc.property(documents(), (text) => {
        const parsed = new Map<string, unknown>(Object.entries(JSON.parse(text)));
        const seen = see(text);
        expect(Object.keys(seen ?? {}).toSorted()).toEqual(
          NAMES.filter((name) => parsed.has(name)).toSorted(),
        );
        for (const [name, value] of Object.entries(seen ?? {})) {
          expect(JSON.parse(value)).toEqual(parsed.get(name));
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('may lie between other bytes, which are not read', () => {
    const bytes = encoder.encode('"{"a":"x"} "}');
    expect(skim(bytes, 1, bytes.length - 2)).toEqual({ a: '"x"' });
    expect(skim(bytes, 1, 9)).toBeNull();
    expect(skim(encoder.encode(`{"a":"${'x'.repeat(99)}"}`), 0, 50)).toBeNull();
  });

  it('has the last of the members that share a key, however it is written', () => {
    expect(see(String.raw`{"a":1,"\u0061":[2],"usag\u0065":3}`)).toEqual({ a: '[2]', usage: '3' });
    see('{"a":{},"usage":null,"choices":[]}');
    expect(SPANS.kind).toEqual([OBJECT, NULL, ARRAY]);
    see('{"a":-1,"usage":""}');
    expect(SPANS.kind).toEqual([NUMBER, STRING, ABSENT]);
  });
});

describe('a document that is not whole', () => {
  it('is refused wherever it was cut', () => {
    fc.assert(
      fc.property(documents(), fc.nat(), (text, at) => {
        const bytes = encoder.encode(text);
        expect(skim(bytes.subarray(0, at % bytes.length))).toBeNull();
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['', '   ', '{', '{"a', '{"a"', '{"a":', '{"a":1', '{"a":1,', '{"a":tru', '{"a":"\\"}'],
    ['{"a":1,}', '{,}', '{"a" 1}', '{"a":1 "b":2}', '{"a":}', '{a:1}', '{"a":1]', '{"a":x}'],
    ['[]', 'null', '{}x', '{}{}', '{}\u0000', '\ufeff{}', '{"a":[}', '{"a":[[]}', '{"a":1"b":2}'],
  ])('is refused: %j', (...texts) => {
    for (const text of texts) expect(see(text)).toBeNull();
  });

  it.each([
    ['one long string', '{"a":"'.padEnd(5e6, 'x')],
    ['backslashes', '{"a":"'.padEnd(5e6, '\\')],
    ['escaped quotes', '{"a":"'.padEnd(5e6, '\\"')],
    ['escaped quotes far apart', `{"a":"${`${'x'.repeat(40)}\\"`.repeat(1e5)}`],
    ['quotes', '{"a":'.padEnd(5e6, '"')],
    ['opening brackets', '{"a":'.padEnd(5e6, '[')],
    ['spaces', ''.padEnd(5e6, ' ')],
    ['one long key', `{"${String.raw`\u0061`.repeat(8e5)}":1}`],
  ])('takes time in proportion to its length: %s', (_, text) => {
    const body = encoder.encode(text);
    const before = process.cpuUsage();
    skim(body);
    expect(process.cpuUsage(before).user / 1000).toBeLessThan(2000);
  });

  it('never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        const begun = Uint8Array.of(0x7b, 0x22, 0x5c, ...bytes);
        expect(() => [skim(bytes), skim(begun)]).not.toThrow();
      }),
      { numRuns: 2000 },
    );
  });
});
