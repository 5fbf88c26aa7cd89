import { describe, expect, it } from 'vitest';
import { itemIdsIn } from './item-ids-in.ts';

const idsIn = (text: string): readonly string[] => {
  const body = Buffer.from(text);
  return itemIdsIn(body, { start: 0, end: body.byteLength });
};

describe('ids of a response’s items', () => {
  it('are those of the objects in its output, and not of what is in them', () => {
    const call = '{"type":"mcp_call","id":"mcp_1","output":[{"id":"inner"}]}';
    expect(idsIn(`[ {"id":"msg_1","content":["]"]} ,${call}, {"type":"x"}, {"id":7}]`)).toEqual([
      'msg_1',
      'mcp_1',
    ]);
    expect(idsIn('[]')).toEqual([]);
  });

  it('are none where an id is nothing that could be named', () => {
    expect(idsIn('[{"id":"a b"},{"id":""},{"id":"msg_1"}]')).toEqual(['msg_1']);
  });

  it('are read as far as the text goes, whatever it is', () => {
    for (const text of ['', '[', '[{', '[{"id":"a"', '[7,{"id":"a"}]']) {
      expect(idsIn(text)).toEqual([]);
    }
    expect(idsIn('[{"id":"a"},')).toEqual(['a']);
    expect(idsIn('[{"id":"a"} {"id":"b"}]')).toEqual(['a']);
    expect(idsIn(`[${'{"id":"a"},'.repeat(5000)}]`)).toHaveLength(1000);
  });
});
