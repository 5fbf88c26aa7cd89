import { describe, expect, it } from 'vitest';
import { findReferences, mayRefer } from './find-references.ts';

const found = (text: string, dialect = 'openai-responses' as 'openai-responses' | 'openai-chat') =>
  findReferences(Buffer.from(text), dialect);

describe('a search for references in a body', () => {
  it('finds what is written plainly, with spaces, or with letters escaped', () => {
    for (const name of [
      'previous_response_id',
      'previous\\u005fresponse_id',
      '\\u0070revious_response_id',
    ]) {
      expect(found(`{"${name}" : "resp_1"}`)?.previousResponse).toBe('resp_1');
    }
    expect(found('{"input":[{"f\\u0069le_id":"file-1"}]}')?.files).toEqual(['file-1']);
    expect(found('{"input":[{"file_id":"file\\u002d1"}]}')?.files).toEqual(['file-1']);
  });

  it('does not parse the calls that name nothing', () => {
    const plain = [
      '{"input":"a \\"file_id\\": \\"x\\""}',
      '{"input":"\\u00e9\\u003c"}',
      '{"model":"m"}',
    ];
    for (const text of plain) expect(mayRefer(Buffer.from(text), 'openai-responses')).toBe(false);
    expect(mayRefer(Buffer.from('{"conversation":"c"}'), 'openai-chat')).toBe(false);
  });

  it.each(['{"id":"a"}', '{ "id" :\n"a" }', '{"id":"a","type": null}', '{"type":null,"id":"a"}'])(
    'finds an item that says nothing but its name: %s',
    (item) => {
      expect(found(`{"input":[${item}]}`)?.items).toEqual(['a']);
    },
  );

  it('does not parse items that say what they are', () => {
    const items = '{"id":"a","type":"message"},{"type":"message","id":"b"},{"role":"user"}';
    for (const text of [`{"input":[${items}]}`, '{"id":', '{"id"', '"id":"a"}', '{"id":"a']) {
      expect(mayRefer(Buffer.from(text), 'openai-responses')).toBe(false);
    }
  });

  it('finds what a letter is hidden of in any alphabet of names', () => {
    const text = '{"cached\\u0043ontent":"cachedContents/a"}';
    expect(findReferences(Buffer.from(text), 'gemini')?.unowned).toBe('cachedContent');
  });

  it('finds a file beside a long picture', () => {
    const picture = 'A'.repeat(100_000);
    const text = `{"messages":[{"content":[{"image_url":"data:image/png;base64,${picture}"},{"file":{"file_id":"f"}}]}]}`;
    expect(found(text, 'openai-chat')?.files).toEqual(['f']);
  });

  it('finds nothing in what is no JSON object', () => {
    expect(found('["file_id"]')).toBeNull();
    expect(found('{"file_id":')).toBeNull();
  });
});
