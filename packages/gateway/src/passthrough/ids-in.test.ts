import { describe, expect, it } from 'vitest';
import { noteIdsInBody, noteIdsInUrl } from './ids-in.ts';

async function inBody(body: string, type = 'application/json'): Promise<readonly string[]> {
  const ids = new Set<string>();
  await noteIdsInBody(ids, Buffer.from(body), type);
  return [...ids];
}

function inUrl(path: string, query = ''): readonly string[] {
  const ids = new Set<string>();
  noteIdsInUrl(ids, path, query);
  return [...ids];
}

const FORM = 'multipart/form-data; boundary=b';
const part = (name: string, value: string, more = ''): string =>
  `--b\r\ncontent-disposition: form-data; name="${name}"${more}\r\n\r\n${value}\r\n`;

describe('what a call may name', () => {
  it('are the segments of its path, escaped or not, without a method behind one', () => {
    expect(inUrl('/vector_stores/vs_1/files/file-2')).toEqual(['vs_1', 'file-2']);
    expect(inUrl('/things/file-2:cancel')).toEqual(['file-2:cancel', 'file-2']);
    expect(inUrl('/things/batch%3A1')).toEqual(['batch:1']);
    expect(inUrl('/%', '')).toEqual([]);
  });

  it('are the values of its query', () => {
    expect(inUrl('/things', 'after=file-1&x=%66ile-2&y=a+b&z')).toEqual(['file-1', 'file-2']);
  });

  it.each([
    ['{"training_file":"file-1","n":1}', ['file-1']],
    ['{"a":[{"b":{"ids":["file-1","batch_2"]}}]}', ['file-1', 'batch_2']],
    ['["file-1"]', ['file-1']],
    ['{"a":"\\u0066ile-1"}', ['file-1']],
    ['{"a":"https://x.test/v1/files/file-1/content?y=file-2"}', ['v1', 'file-1', 'file-2']],
    ['{"a":"fil\\e-1"}', []],
    ['{"a":"say file-1 to me"}', []],
    ['{"a":"say \\"file-1\\" to me"}', []],
    ['{"role":"user","content":"hello"}', []],
    ['{"a":"resp_abcdefghijklmnop"}', ['resp_abcdefghijklmnop']],
    ['"file-1', []],
    ['', []],
  ])('are the strings of a body that is JSON: %s', async (body, ids) => {
    expect(await inBody(body)).toEqual(ids);
  });

  it('are the values of a form that are no files', async () => {
    const form = `${part('file_id', 'file-1')}${part('file', '"file-2"', '; filename="file-3"')}--b--\r\n`;
    expect(await inBody(form, FORM)).toEqual(['file-1']);
    expect(await inBody('a=file-1&b=%66ile-2', 'application/x-www-form-urlencoded')).toEqual([
      'file-1',
      'file-2',
    ]);
    expect(await inBody('no form', FORM)).toEqual([]);
  });

  it('are found in a large body, with others served meanwhile', async () => {
    const strings = Array.from({ length: 100_000 }, (_, at) => `"word ${at}"`);
    let turns = 0;
    let over = false;
    const turn = (): void => {
      turns += 1;
      if (!over) setImmediate(turn);
    };
    setImmediate(turn);
    const found = await inBody(`[${strings.join(',')},"file-1"]`);
    over = true;
    expect(found).toEqual(['file-1']);
    expect(turns).toBeGreaterThanOrEqual(4);
  });
});
