import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CallerDialect } from './conversation.ts';
import { referencesOf } from './references.ts';

const NONE = {
  files: [],
  previousResponse: null,
  conversation: null,
  items: [],
  unowned: null,
};
const part = { type: 'input_file', file_id: 'file-1' };

describe('what a request refers to', () => {
  it.each([
    ['openai-chat', { messages: [{ content: [{ type: 'file', file: { file_id: 'file-1' } }] }] }],
    ['openai-responses', { input: [{ role: 'user', content: [part, part] }] }],
    ['openai-responses', { input: [{ type: 'function_call_output', output: [part] }] }],
    ['openai-responses', { tools: [{ container: { type: 'auto', file_ids: ['file-1', 7] } }] }],
    ['openai-responses', { prompt: { variables: { paper: part } } }],
    ['anthropic-messages', { messages: [{ content: [{ source: { file_id: 'file-1' } }] }] }],
  ] as const)('is a file of %s, wherever it stands: %j', (dialect, request) => {
    expect(referencesOf(request, dialect)).toEqual({ ...NONE, files: ['file-1'] });
  });

  it.each([
    ['openai-chat', { metadata: part, tools: [{ function: { parameters: part } }] }],
    ['openai-responses', { metadata: part, text: { format: { schema: { examples: [part] } } } }],
    ['anthropic-messages', { messages: [{ content: [{ type: 'tool_use', input: part }] }] }],
    ['anthropic-messages', { tools: [{ input_schema: { default: part } }] }],
    ['gemini', { contents: [{ parts: [{ functionCall: { args: part } }] }] }],
  ] as const)('is nothing where %s has what is the caller’s own: %j', (dialect, request) => {
    expect(referencesOf(request, dialect)).toEqual(NONE);
  });

  it('is an earlier response or a conversation, in the one dialect that has them', () => {
    const request = { previous_response_id: 'resp_1', conversation: { id: 'conv_1' } };
    const found = { ...NONE, previousResponse: 'resp_1', conversation: 'conv_1' };
    expect(referencesOf(request, 'openai-responses')).toEqual(found);
    expect(referencesOf({ conversation: 'conv_1' }, 'openai-responses').conversation).toBe(
      'conv_1',
    );
    expect(referencesOf(request, 'openai-chat')).toEqual(NONE);
    const not = { previous_response_id: null, conversation: 7 };
    expect(referencesOf(not, 'openai-responses')).toEqual(NONE);
  });

  it.each([
    ['openai-responses', { tools: [{ vector_store_ids: ['vs_1'] }] }, 'vector_store_ids'],
    ['openai-responses', { tools: [{ type: 'code_interpreter', container: 'c' }] }, 'container'],
    ['openai-responses', { prompt: { id: 'pmpt_1' } }, 'prompt'],
    ['anthropic-messages', { container: 'container_1' }, 'container'],
    ['anthropic-messages', { container: { id: 'container_1', skills: [] } }, 'container'],
    ['gemini', { cachedContent: 'cachedContents/1' }, 'cachedContent'],
    ['gemini', { contents: [{ parts: [{ file_data: { file_uri: 'files/1' } }] }] }, 'fileUri'],
  ] as const)('is made elsewhere than here: %s %j', (dialect, request, unowned) => {
    expect(referencesOf(request, dialect)).toEqual({ ...NONE, unowned });
  });

  it.each([
    ['openai-responses', { tools: [{ vector_store_ids: [] }, { container: { type: 'auto' } }] }],
    ['openai-chat', { tools: [{ vector_store_ids: ['vs_1'] }], prompt: { id: 'pmpt_1' } }],
    ['anthropic-messages', { container: { skills: [] } }],
    ['gemini', { cachedContent: null, contents: [{ fileData: { fileUri: 'gs://b/files/1' } }] }],
    ['gemini', { contents: [{ fileData: { fileUri: 'https://example.com/v1/files/1' } }] }],
    ['gemini', { contents: [{ functionCall: { args: { fileUri: 'files/1' } } }] }],
  ] as const)('is nothing that is made elsewhere: %s %j', (dialect, request) => {
    expect(referencesOf(request, dialect)).toEqual(NONE);
  });

  it('is an item of an earlier response, with or without its type', () => {
    for (const item of [
      { type: 'item_reference', id: 'a' },
      { id: 'a' },
      { id: 'a', type: null },
    ]) {
      expect(referencesOf({ input: [item, item] }, 'openai-responses')).toEqual({
        ...NONE,
        items: ['a'],
      });
    }
    const whole = [{ id: 'a', type: 'message', role: 'user' }, { id: 'a', role: 'user' }, 'text'];
    expect(referencesOf({ input: whole }, 'openai-responses')).toEqual(NONE);
    expect(referencesOf({ input: [{ id: 'a' }] }, 'openai-chat')).toEqual(NONE);
  });

  it('is found in any request without a throw, also a deep one', () => {
    const dialect = fc.constantFrom<CallerDialect>('openai-chat', 'openai-responses', 'gemini');
    const object = fc.dictionary(fc.string(), fc.jsonValue());
    fc.assert(
      fc.property(object, dialect, (request, spoken) => {
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what JSON.parse gives
        const parsed = JSON.parse(JSON.stringify(request)) as Record<string, string>;
        expect(Array.isArray(referencesOf(parsed, spoken).files)).toBe(true);
      }),
    );
    let deep: object = part;
    for (let level = 0; level < 10_000; level += 1) deep = [deep];
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as above
    const request = { input: deep } as unknown as Record<string, string>;
    expect(referencesOf(request, 'openai-responses').files).toEqual(['file-1']);
  });
});
