import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boundaryIn, fieldText, readForm } from './read-form.ts';

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
    ['Multipart/Form-Data; charset=utf-8; boundary="a b:c"', 'a b:c'],
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
