import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boundaryIn, fieldText, formType, readForm } from './read-form.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function form(fields: readonly (readonly [string, string, string?])[], boundary = 'b'): string {
  const parts = fields.map(([name, value, file]) => {
    const named = file === undefined ? '' : `; filename="${file}"\r\nContent-Type: audio/wav`;
    return `--${boundary}\r\nContent-Disposition: form-data; name="${name}"${named}\r\n\r\n${value}\r\n`;
  });
  return `${parts.join('')}--${boundary}--\r\n`;
}

describe('a form', () => {
  it('tells where every field lies', () => {
    const body = bytes(
      form([
        ['file', 'RIFF\r\n--', 'a.wav'],
        ['model', 'whisper-1'],
        ['empty', ''],
      ]),
    );
    const read = readForm(body, 'b');
    if (!read.ok) throw new Error(read.message);
    expect(read.fields.map(({ name, isFile }) => [name, isFile])).toEqual([
      ['file', true],
      ['model', false],
      ['empty', false],
    ]);
    expect(fieldText(body, read.fields, 'model')).toMatchObject({ text: 'whisper-1' });
    expect(fieldText(body, read.fields, 'empty')).toMatchObject({ text: '' });
    expect(fieldText(body, read.fields, 'file')).toBeNull();
  });

  it('does not choose between two fields of a name', () => {
    const body = bytes(
      form([
        ['model', 'a'],
        ['model', 'b'],
      ]),
    );
    const read = readForm(body, 'b');
    expect(read.ok && fieldText(body, read.fields, 'model')).toBe('twice');
  });

  it.each([
    ['multipart/form-data; boundary=abc', 'abc'],
    ['Multipart/Form-Data; charset=utf-8; boundary="a/b:c"', 'a/b:c'],
    ['multipart/form-data; boundary="a b"', null],
    ['multipart/form-data; boundary=a%b', null],
    ['multipart/form-data; boundary=ä', null],
    [`multipart/form-data; boundary=${'a'.repeat(70)}`, 'a'.repeat(70)],
    [`multipart/form-data; boundary=${'a'.repeat(71)}`, null],
    ['multipart/form-data', null],
    ['multipart/mixed; boundary=abc', null],
    ['application/json', null],
  ])('has the boundary of %s: %s', (type, boundary) => {
    expect(boundaryIn(type)).toBe(boundary);
  });

  it.each([
    ['nothing', ''],
    ['no end', form([['a', 'b']]).slice(0, -8)],
    ['no name', '--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--'],
    ['half a head', '--b\r\nContent-Dispo'],
  ])('is refused with %s', (_what, body) => {
    expect(readForm(bytes(body), 'b')).toMatchObject({ ok: false });
  });

  it('gives every value back, whatever stands in it', () => {
    const value = fc.string().filter((text) => !text.includes('--b'));
    fc.assert(
      fc.property(fc.array(value, { maxLength: 6 }), (values) => {
        const body = bytes(form(values.map((each, index) => [`f${index}`, each])));
        const read = readForm(body, 'b');
        const found = values.map((_each, index) => {
          const field = read.ok ? fieldText(body, read.fields, `f${index}`) : null;
          return field === null || field === 'twice' ? field : field.text;
        });
        expect(found).toEqual(values.map((each) => new TextDecoder().decode(bytes(each))));
      }),
    );
  });

  it('never throws, whatever comes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.string(), (body, boundary) => {
        expect(typeof readForm(body, boundary).ok).toBe('boolean');
      }),
    );
  });
});

describe('a form that two readers could read differently', () => {
  const part = (head: string, value = 'x'): string => `--b\r\n${head}\r\n\r\n${value}\r\n`;
  const MODEL = 'Content-Disposition: form-data; name="model"';
  const refused: Readonly<Record<string, string>> = {
    'a delimiter after a bare line feed': `${part(MODEL, 'a\n--b\nContent-Disposition: form-data; name="model"\n\nz')}--b--\r\n`,
    'a delimiter in the middle of a value': `${part(MODEL, 'a--b')}--b--\r\n`,
    'a delimiter in what comes before the first part': `x--b\r\n${MODEL}\r\n\r\nz\r\n${part(MODEL)}--b--\r\n`,
    'a part behind the end': `${part(MODEL)}--b--\r\n${part(MODEL, 'z')}--b--\r\n`,
    'a name in another notation': `${part(`${MODEL}; name*=utf-8''other`)}--b--\r\n`,
    'two names': `${part(`${MODEL}; name="other"`)}--b--\r\n`,
    'two dispositions': `${part(`${MODEL}\r\nContent-Disposition: form-data; name="other"`)}--b--\r\n`,
    'a head that is folded': `${part(`${MODEL};\r\n filename="x"`)}--b--\r\n`,
    'a name with an escape': `${part('Content-Disposition: form-data; name="mod\\el"')}--b--\r\n`,
  };

  it.each(Object.keys(refused))('is refused: %s', (name) => {
    expect(readForm(bytes(refused[name] ?? ''), 'b')).toMatchObject({ ok: false });
  });

  it('counts a file by the name of a field as that field', () => {
    const body = bytes(
      form([
        ['model', 'a'],
        ['model', 'b', 'b.txt'],
      ]),
    );
    const read = readForm(body, 'b');
    if (!read.ok) throw new Error(read.message);
    expect(fieldText(body, read.fields, 'model')).toBe('twice');
  });

  it.each([
    'multipart/form-data; xboundary=a; boundary=b',
    'multipart/form-data; x="boundary=a"; boundary=b',
    'multipart/form-data; charset=utf-8; boundary="b"',
  ])('has the boundary that %s says', (contentType) => {
    expect(boundaryIn(contentType)).toBe('b');
  });

  it.each([
    'multipart/form-data; boundary=a; boundary=b',
    'multipart/form-data; boundary=a; BOUNDARY="b"',
    "multipart/form-data; boundary*=utf-8''b",
    'multipart/form-data; boundary=a; boundary*0=b',
    'multipart/form-data; boundary="a\\b"',
    'multipart/form-data; boundary="a" b',
    'multipart/form-data, multipart/form-data; boundary=b',
    'multipart/form-data; boundary=a,multipart/form-data; boundary=b',
  ])('has no boundary that %s says', (contentType) => {
    expect(boundaryIn(contentType)).toBeNull();
  });

  it('is told on by a content type of its own, which says the same boundary and nothing else', () => {
    expect(formType('----b')).toBe('multipart/form-data; boundary=----b');
    expect(formType('=_a/b?')).toBe('multipart/form-data; boundary="=_a/b?"');
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 80 }), (text) => {
        const boundary = boundaryIn(`multipart/form-data; charset=x; boundary="${text}"; y=z`);
        expect(boundary === null ? null : boundaryIn(formType(boundary))).toBe(boundary);
      }),
    );
  });

  it('is read in time that grows with its size alone', () => {
    const lines = bytes(`--b\r\n${MODEL}\r\n\r\n${'\r\n--'.repeat(250_000)}\r\n--b--\r\n`);
    const startedAt = performance.now();
    readForm(lines, 'b');
    boundaryIn(`multipart/form-data; ${'boundary;="'.repeat(6000)}`);
    boundaryIn(`multipart/form-data; ${'a="b";'.repeat(10_000)}`);
    expect(performance.now() - startedAt).toBeLessThan(500);
  });
});
