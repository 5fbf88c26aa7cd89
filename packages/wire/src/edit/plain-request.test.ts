import { describe, expect, it } from 'vitest';
import { editRequest } from '../openai-chat/request.ts';
import { readPlain, readPlainForm, type PlainRead } from './plain-request.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function edited(body: string, read: PlainRead): string {
  if (!read.ok) throw new Error(read.message);
  const result = editRequest(bytes(body), read.facts, { model: 'to', addStreamUsage: false });
  return new TextDecoder().decode(result);
}

const FORM =
  '--b\r\nContent-Disposition: form-data; name="model"\r\n\r\nfrom\r\n--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nfrom\r\n--b--\r\n';
const BOUNDARY = 'b';

describe('a request of which only the model matters', () => {
  it.each([
    ['{"model":"from","input":"from"}', '{"model":"to","input":"from"}'],
    ['{"input":"x"}', '{"model":"to","input":"x"}'],
    ['{"input":"x","model":null}', '{"input":"x","model":"to"}'],
  ])('%s becomes %s', (body, result) => {
    expect(edited(body, readPlain(bytes(body), 'default'))).toBe(result);
  });

  it('means the documented default where it names no model, and is refused where there is none', () => {
    expect(readPlain(bytes('{"input":"x"}'), 'default')).toMatchObject({
      facts: { model: 'default' },
    });
    expect(readPlain(bytes('{"input":"x"}'), null)).toMatchObject({ ok: false, param: 'model' });
    expect(readPlain(bytes('{"model":7}'), 'default')).toMatchObject({ ok: false, param: 'model' });
    expect(readPlain(bytes('['), 'default')).toMatchObject({ ok: false, code: 'malformed_json' });
  });

  it('is edited in a form at the one place where its model stands', () => {
    const read = readPlainForm(bytes(FORM), BOUNDARY);
    expect(read).toMatchObject({ facts: { model: 'from' } });
    expect(edited(FORM, read)).toBe(FORM.replace('from', 'to'));
  });

  it.each([
    ['has no model', FORM.replace('"model"', '"other"'), 'missing_parameter'],
    [
      'has two models',
      FORM.replace('name="file"; filename="a"', 'name="model"'),
      'invalid_parameter',
    ],
    ['breaks off', FORM.slice(0, 40), 'invalid_parameter'],
  ])('is refused as a form that %s', (_, body, code) => {
    expect(readPlainForm(bytes(body), BOUNDARY)).toMatchObject({ ok: false, code });
  });
});
