import { describe, expect, it } from 'vitest';
import { readWholeAnswer } from './whole-answer.ts';

const read = (value: unknown, dialect: Parameters<typeof readWholeAnswer>[1]) =>
  readWholeAnswer(new TextEncoder().encode(JSON.stringify(value)), dialect);

describe('a whole answer in the dialect of its caller', () => {
  it.each([
    ['anthropic-messages', { type: 'message', content: [], usage: { input_tokens: 1 } }],
    ['openai-responses', { output: [], error: null, usage: { input_tokens: 1 } }],
    ['gemini', { candidates: [], usageMetadata: { input_tokens: 1 } }],
    ['gemini', { promptFeedback: {}, usageMetadata: { input_tokens: 1 } }],
  ] as const)('is one of %s, with its usage', (dialect, body) => {
    expect(read(body, dialect)).toEqual({ ok: true, error: false, usage: { input_tokens: 1 } });
  });

  it.each([
    ['anthropic-messages', { type: 'error', error: { type: 'overloaded_error' } }],
    ['openai-responses', { output: [], error: { code: 'server_error' } }],
    ['gemini', { error: { code: 503 } }],
    ['gemini', {}],
  ] as const)('is an error of %s all the same', (dialect, body) => {
    expect(read(body, dialect)).toMatchObject({ ok: true, error: true });
  });

  it('is none when it was cut, and none in a dialect that no caller speaks', () => {
    const cut = new TextEncoder().encode('{"content":[{"type":"text"');
    expect(readWholeAnswer(cut, 'anthropic-messages')).toEqual({ ok: false });
    expect(read({ output: {} }, 'bedrock-converse')).toEqual({ ok: false });
  });
});
