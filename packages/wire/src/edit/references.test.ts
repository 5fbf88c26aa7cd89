import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CallerDialect } from './conversation.ts';
import { referencesOf } from './references.ts';

const NONE = { files: [], previousResponse: null, conversation: null };
const part = { type: 'input_file', file_id: 'file-1' };

describe('what a request refers to', () => {
  it.each([
    ['openai-chat', { messages: [{ content: [{ type: 'file', file: { file_id: 'file-1' } }] }] }],
    ['openai-responses', { input: [{ role: 'user', content: [part, part] }] }],
    ['openai-responses', { input: [{ type: 'function_call_output', output: [part] }] }],
    ['openai-responses', { tools: [{ container: { type: 'auto', file_ids: ['file-1', 7] } }] }],
    ['openai-responses', { prompt: { id: 'pmpt_1', variables: { paper: part } } }],
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
