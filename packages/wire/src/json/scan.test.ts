import * as fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { compileFields } from './field-set.ts';
import { ABSENT, ARRAY, FALSE, NULL, NUMBER, OBJECT, STRING, TRUE } from './kind.ts';
import { scanObject, type Found } from './scan.ts';
import { createSpans } from './spans.ts';

// Wide, for machines that are busy with something else.
vi.setConfig({ testTimeout: 30_000 });

const encoder = new TextEncoder();
const NAMES = ['model', 'stream', 'a', 'b'];
const FIELDS = compileFields(NAMES);

const scan = (text: string) => scanObject(encoder.encode(text), FIELDS);

function found(text: string): Found {
  const result = scan(text);
  if (!result.ok) throw new Error(result.message);
  return result;
}

/** What stands in a field, as text of the span. */
function spans(text: string): Record<string, string> {
  const { start, end } = found(text);
  const bytes = encoder.encode(text);
  const result: Record<string, string> = {};
  for (const [index, name] of NAMES.entries()) {
    const from = start[index] ?? -1;
    if (from >= 0) result[name] = new TextDecoder().decode(bytes.subarray(from, end[index]));
  }
  return result;
}

/** The reference: JSON.parse, an object on top, and the listed limits. */
function reference(bytes: Uint8Array): 'ok' | 'malformed' | 'limits' {
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'malformed';
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'malformed';
  return withinLimits(text) ? 'ok' : 'limits';
}

/** For text that is valid JSON only: no key twice, at most 64 levels. */
function withinLimits(text: string): boolean {
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[{}[\]:]/gsu) ?? [];
  const open: (Set<unknown> | null)[] = [];
  for (const [index, token] of tokens.entries()) {
    if (token === '{' || token === '[') open.push(token === '{' ? new Set() : null);
    else if (token === '}' || token === ']') open.pop();
    else if (token.startsWith('"') && tokens[index + 1] === ':') {
      const key: unknown = JSON.parse(token);
      const keys = open.at(-1);
      if (keys?.has(key) === true) return false;
      keys?.add(key);
    }
    if (open.length > 64) return false;
  }
  return true;
}

function verdict(bytes: Uint8Array): 'ok' | 'malformed' | 'limits' {
  const result = scanObject(bytes, FIELDS);
  if (result.ok) return 'ok';
  return result.code === 'malformed_json' ? 'malformed' : 'limits';
}

const nested = (levels: number): string =>
  `{"a":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`;
const object = (keys: readonly string[]): string =>
  `{${keys.map((key) => `${JSON.stringify(key)}:0`).join(',')}}`;
const numbered = (count: number): string[] => Array.from({ length: count }, (_, i) => `key${i}`);

describe('what is JSON', () => {
  it.each([
    '{}',
    ' \t\r\n{ } \n',
    '{"a":1}',
    '{"a":[1,2,[],{},"",null,true,false]}',
    '{"a":-0,"b":0.0,"c":1e5,"d":1E+05,"e":1.5e-300,"f":1e400,"g":9007199254740993}',
    '{"":""}',
    String.raw`{"a":"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00"}`,
    String.raw`{"a":"\ud83d alone","b":"\ude00 alone"}`,
    '{"a":"\u007f\u2028\u00e9👩‍👩‍👧‍👦"}',
    '{"__proto__":{"__proto__":1},"constructor":{"prototype":2},"toString":3}',
    '{"a":{"a":{"a":1}},"b":{"a":1}}',
  ])('accepts %s', (text) => {
    expect(verdict(encoder.encode(text))).toBe('ok');
    expect(reference(encoder.encode(text))).toBe('ok');
  });

  it.each([
    '',
    '   ',
    '{',
    '}',
    '[]',
    '"a"',
    '1',
    'null',
    '\ufeff{}',
    '{}x',
    '{}{}',
    '{} ,',
    '{"a"}',
    '{"a":}',
    '{"a" 1}',
    '{"a":1,}',
    '{,"a":1}',
    '{"a":1 "b":2}',
    '{a:1}',
    "{'a':1}",
    '{"a":[1,]}',
    '{"a":[,1]}',
    '{"a":[1 2]}',
    '{"a":[1}',
    '{"a":{"b":1]}',
    '{"a":01}',
    '{"a":+1}',
    '{"a":1.}',
    '{"a":.5}',
    '{"a":-}',
    '{"a":1e}',
    '{"a":1e+}',
    '{"a":0x10}',
    '{"a":NaN}',
    '{"a":Infinity}',
    '{"a":tru}',
    '{"a":truee}',
    '{"a":nul',
    '{"a":TRUE}',
    '{"a":"}',
    '{"a":"\\"}',
    '{"a":"\\x41"}',
    '{"a":"\\u12G4"}',
    '{"a":"\\u123"}',
    '{"a":"\\u"}',
    '{"a":"\n"}',
    '{"a":"\u0000"}',
    '{"a":"\u001f"}',
    '{"\n":1}',
    '{"a":1}\u0000',
    '{"a":\u00a01}',
    '{"a":1,//comment\n"b":2}',
    '{"\\',
  ])('refuses %j', (text) => {
    const result = scan(text);
    expect(result).toMatchObject({ ok: false, code: 'malformed_json' });
    expect(reference(encoder.encode(text))).toBe('malformed');
  });

  it('refuses every document that is cut short, at every byte, and says where', () => {
    const bytes = encoder.encode('{"model":"g\\u0070t 👍","a":[1.5e3,{"b":null}],"stream":true}');
    for (let length = 0; length < bytes.length; length++) {
      const result = scanObject(bytes.subarray(0, length), FIELDS);
      expect(result).toMatchObject({ ok: false, code: 'malformed_json' });
      expect(result.ok ? Infinity : result.offset).toBeLessThanOrEqual(length);
    }
    expect(scanObject(bytes, FIELDS).ok).toBe(true);
  });

  it('reads a body that lies anywhere in a larger buffer', () => {
    const text = '{"model":"a longer string with \\" and \\\\ in it, and more","a":[1]}';
    for (let offset = 0; offset < 9; offset++) {
      const whole = new Uint8Array(offset + text.length + 5).fill(0x22);
      whole.set(encoder.encode(text), offset);
      const body = whole.subarray(offset, offset + text.length);
      expect(scanObject(body, FIELDS)).toEqual(found(text));
    }
  });

  it('finds every byte that ends or breaks a string, wherever it stands in it', () => {
    const bad = [...Array.from({ length: 0x20 }, (_, byte) => byte), 0x22, 0x5c];
    const fine = [0x20, 0x21, 0x23, 0x5b, 0x5d, 0x7f];
    for (let at = 0; at < 40; at++) {
      for (const byte of [...bad, ...fine]) {
        // What stands before it must not hide it, nor what is fine be taken for it.
        for (const filler of [0x21, 0x61, 0x7f]) {
          const body = encoder.encode(`{"a":"${String.fromCharCode(filler).repeat(40)}"}`);
          body[6 + at] = byte;
          expect(verdict(body)).toBe(bad.includes(byte) ? 'malformed' : 'ok');
        }
      }
    }
  });

  it('takes spans of the caller, and clears them', () => {
    const mine = createSpans(NAMES.length);
    scanObject(encoder.encode('{"model":"x","b":1}'), FIELDS, mine);
    const result = scanObject(encoder.encode('{"a":null}'), FIELDS, mine);
    expect(result).toEqual(found('{"a":null}'));
    expect(result.ok && result.kind).toBe(mine.kind);
  });

  it('judges 5,000 mutated documents as JSON.parse does, apart from the limits', () => {
    const key = fc.oneof(
      fc.constantFrom(...NAMES, '__proto__', '', 'é', '"', '👍', '\ud83d'),
      fc.string({ maxLength: 4 }),
    );
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        fc.constantFrom(null, true, false, 0, -0, 1.5e300, 1e-7, '', 'x"\\\n\u0001'),
        fc.string({ unit: 'binary', maxLength: 12 }),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(key, tie('value'), { maxKeys: 5 }),
      ),
    }));
    const document = fc
      .tuple(fc.dictionary(key, value, { maxKeys: 6 }), fc.constantFrom(undefined, ' ', '\t\r\n'))
      .map(([root, indent]) => encoder.encode(JSON.stringify(root, null, indent)));
    const byte = fc.oneof(
      fc.constantFrom(...encoder.encode('{}[]:,"\\/ \n\t0123456789+-.eEutfnabmodl\u001f\u0000')),
      fc.nat(127),
    );
    const mutation = fc.record({
      at: fc.nat(),
      remove: fc.constantFrom(0, 0, 1, 1, 2, 7),
      insert: fc.array(byte, { maxLength: 3 }),
    });
    let refused = 0;
    fc.assert(
      fc.property(document, fc.array(mutation, { maxLength: 3 }), (bytes, mutations) => {
        let mutated = [...bytes];
        for (const { at, remove, insert } of mutations) {
          mutated.splice(at % (mutated.length + 1), remove, ...insert);
        }
        const body = Uint8Array.from(mutated);
        fc.pre(isUtf8(body));
        const expected = reference(body);
        if (expected !== 'ok') refused++;
        const actual = verdict(body);
        // Where a limit is passed before the mistake comes, the limit is what is said.
        expect(actual).toBe(expected === 'malformed' && actual === 'limits' ? 'limits' : expected);
      }),
      { numRuns: 5000 },
    );
    expect(refused).toBeGreaterThan(1000);
  });
});

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

describe('the fields that are asked for', () => {
  it('gives the span and the kind of each, and of nothing deeper', () => {
    const text =
      ' {"stream" : true , "a":{"model":"inner","stream":[false]},"model":"gpt","b":[{"a":1}] } ';
    expect(spans(text)).toEqual({
      stream: 'true',
      a: '{"model":"inner","stream":[false]}',
      model: '"gpt"',
      b: '[{"a":1}]',
    });
    expect([...found(text).kind]).toEqual([STRING, TRUE, OBJECT, ARRAY]);
    expect(found(text).bodyStart).toBe(1);
    expect(found(text).bodyEnd).toBe(text.length - 2);
  });

  it.each([
    ['null', NULL],
    ['false', FALSE],
    ['-1.5', NUMBER],
    ['[]', ARRAY],
  ])('knows that %s is of kind %i', (value, kind) => {
    expect([...found(`{"model":${value}}`).kind]).toEqual([kind, ABSENT, ABSENT, ABSENT]);
  });

  it('reads escapes in keys', () => {
    expect(spans(String.raw`{"mod\u0065l":1,"\u0061":2}`)).toEqual({ model: '1', a: '2' });
  });

  it('does not take a longer, shorter or differently written key', () => {
    expect(spans('{"models":1,"mode":2,"Model":3,"model ":4,"":5}')).toEqual({});
  });
});

describe('keys that come twice', () => {
  it.each([
    '{"a":1,"a":2}',
    String.raw`{"a":1,"\u0061":2}`,
    String.raw`{"\u0061":1,"\u0061":2}`,
    String.raw`{"👍":1,"\ud83d\udc4d":2}`,
    String.raw`{"\/":1,"/":2}`,
    String.raw`{"\n":1,"\u000A":2}`,
    '{"x":{"y":[{"a":1,"b":{},"a":2}]}}',
    '{"__proto__":1,"__proto__":1}',
    '{"":1,"":2}',
    String.raw`{"\ud83d":1,"\uD83D":2}`,
  ])('refuses %s', (text) => {
    expect(scan(text)).toMatchObject({ ok: false, code: 'json_limits' });
  });

  it.each([
    '{"a":1,"A":2,"a ":3,"aa":4}',
    String.raw`{"\\u0061":1,"a":2}`,
    String.raw`{"\ud83d":1,"\ud83d\udc4d":2,"\udc4d":3}`,
    '{"a":{"a":1},"b":{"a":1},"c":[{"a":1},{"a":1}]}',
  ])('accepts %s', (text) => {
    expect(scan(text).ok).toBe(true);
  });

  it('finds one among any number of keys, wherever the two stand', () => {
    for (const count of [2, 15, 16, 17, 18, 63, 64, 65, 300, 2000]) {
      const keys = numbered(count);
      expect(scan(object(keys)).ok).toBe(true);
      for (const twice of [0, count >> 1, count - 1]) {
        expect(scan(object([...keys, keys[twice] ?? '']))).toMatchObject({ code: 'json_limits' });
      }
    }
  });

  it('keeps the keys of an object apart from those of the objects in it, before and after', () => {
    const many = numbered(100);
    const inner = object(many);
    const members = many.map((key) => `"${key}":${inner}`).join(',');
    expect(scan(`{${members}}`).ok).toBe(true);
    expect(scan(`{${members},"key3":1}`)).toMatchObject({ code: 'json_limits' });
    expect(scan(`{${members},"z":${inner.slice(0, -1)},"key99":1}}`)).toMatchObject({
      code: 'json_limits',
    });
  });
});

describe('limits', () => {
  it('accepts 64 levels and refuses 65', () => {
    expect(scan(nested(64)).ok).toBe(true);
    expect(scan(nested(65))).toMatchObject({ ok: false, code: 'json_limits' });
  });

  it('accepts 500,000 keys in all and refuses one more', () => {
    const body = (count: number) => `{"a":[${'{"b":0},'.repeat(count - 2)}{"b":0}]}`;
    expect(scan(body(500_000))).toMatchObject({ ok: true });
    expect(scan(body(500_001))).toMatchObject({ ok: false, code: 'json_limits' });
  });

  it('accepts 10,000 keys in an object and refuses 10,001', () => {
    expect(scan(object(numbered(10_000))).ok).toBe(true);
    expect(scan(object(numbered(10_001)))).toMatchObject({ ok: false, code: 'json_limits' });
  });

  it('refuses keys that are made to have one hash, and keys that are made to fall together', () => {
    expect(scan(object(sameHash()))).toMatchObject({ code: 'json_limits' });
    expect(scan(object(sameSlot(2000)))).toMatchObject({ code: 'json_limits' });
    // Neither is anything special once it is spread over many objects.
    const few = sameHash().slice(0, 8);
    expect(scan(object(few)).ok).toBe(true);
  });

  it('says the offset, and nothing of the body', () => {
    expect(scan('{"secret":1,"secret":2}')).toEqual({
      ok: false,
      code: 'json_limits',
      message: 'A key comes twice in one object (at byte 12).',
      offset: 12,
    });
  });

  it.each([
    ['one long string', `{"a":"${'x'.repeat(5e6)}"}`],
    ['one long key', `{"${'x'.repeat(5e6)}":1}`],
    ['one long key of escapes', `{"${String.raw`\u0061`.repeat(8e5)}":1}`],
    ['opening brackets', '{"a":'.padEnd(5e6, '[')],
    ['quotes', '{"a":'.padEnd(5e6, '"')],
    ['backslashes', '{"a":"'.padEnd(5e6, '\\')],
    ['spaces', ''.padEnd(5e6, ' ')],
    ['objects of 10,000 keys', `{"a":[${`${object(numbered(10_000))},`.repeat(35)}0]}`],
    ['many long keys', object(Array.from({ length: 500 }, (_, i) => `${'x'.repeat(9000)}${i}`))],
  ])('takes time in proportion to the length for %s', (_, text) => {
    const body = encoder.encode(text);
    const before = process.cpuUsage();
    scanObject(body, FIELDS);
    // 5 MB take 2 to 100 ms; anything worse than linear would take minutes.
    expect(process.cpuUsage(before).user / 1000).toBeLessThan(4000);
  });

  it('never throws and always ends, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(scanObject(bytes, FIELDS)).toHaveProperty('ok');
        expect(scanObject(Uint8Array.of(0x7b, 0x22, ...bytes), FIELDS)).toHaveProperty('ok');
      }),
      { numRuns: 2000 },
    );
  });
});

/** The scanner's hash, to attack it. */
function step(hash: number, text: string): number {
  let result = hash;
  for (let i = 0; i < text.length; i++) {
    result = Math.imul(result ^ text.charCodeAt(i), 0x01000193);
  }
  return result;
}

/** 16 different keys with one hash: four pairs of blocks, each of which leads from one state to one state. */
function sameHash(): string[] {
  let state = 0x811c9dc5 | 0;
  let keys = [''];
  for (let pair = 0; pair < 4; pair++) {
    const seen = new Map<number, string>();
    for (let i = 0; ; i++) {
      const block = Math.imul(i, 0x9e3779b1).toString(36);
      const next = step(state, block);
      const other = seen.get(next);
      if (other !== undefined) {
        keys = keys.flatMap((key) => [key + other, key + block]);
        state = next;
        break;
      }
      seen.set(next, block);
    }
  }
  return keys;
}

/** Keys whose hashes differ, but not in the bits that choose a slot. */
function sameSlot(count: number): string[] {
  const keys: string[] = [];
  for (let i = 0; keys.length < count; i++) {
    const key = i.toString(36);
    let mixed = step(0x811c9dc5 | 0, key);
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    mixed ^= mixed >>> 16;
    if ((mixed & 0x1ff) === 0) keys.push(key);
  }
  return keys;
}
