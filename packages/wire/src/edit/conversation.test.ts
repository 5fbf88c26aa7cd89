import { describe, expect, it } from 'vitest';
import { editRequest } from '../openai-chat/request.ts';
import { readConversation, type CallerDialect } from './conversation.ts';

const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const NOWHERE = { model: null, stream: null };
const read = (value: unknown, dialect: CallerDialect, place: Partial<typeof PLACE> = NOWHERE) =>
  readConversation(bytes(value), dialect, { ...NOWHERE, ...place });
const PLACE = { model: 'gemini-x' as string | null, stream: true as boolean | null };

describe('the facts of a conversation', () => {
  it('reads a message request', () => {
    const body = { model: 'claude', max_tokens: 7, messages: [], stream: true };
    expect(read(body, 'anthropic-messages')).toMatchObject({
      ok: true,
      facts: { model: 'claude', stream: true, maxOutputTokens: 7, stored: false, n: 1 },
    });
  });

  it('reads a response request, and that it is to be kept', () => {
    const body = { model: 'gpt', input: 'hello', max_output_tokens: 9, store: true };
    expect(read(body, 'openai-responses')).toMatchObject({
      facts: { model: 'gpt', stream: false, maxOutputTokens: 9, stored: true },
    });
  });

  it('takes model and stream of a Gemini request from its path', () => {
    const body = { contents: [], generationConfig: { maxOutputTokens: 5, candidateCount: 2 } };
    expect(read(body, 'gemini', PLACE)).toMatchObject({
      facts: { model: 'gemini-x', stream: true, maxOutputTokens: 5, n: 2 },
    });
    const snake = {
      contents: {},
      generation_config: { max_output_tokens: 6, candidate_count: 3 },
    };
    expect(read(snake, 'gemini', PLACE)).toMatchObject({ facts: { maxOutputTokens: 6, n: 3 } });
  });

  it.each([
    [{ messages: [] }, 'anthropic-messages', 'model'],
    [{ model: 'm' }, 'anthropic-messages', 'messages'],
    [{ model: 'm', messages: {} }, 'anthropic-messages', 'messages'],
    [{ model: 'm', messages: [], max_tokens: -1 }, 'anthropic-messages', 'max_tokens'],
    [{ model: 'm', messages: [], stream: 1 }, 'anthropic-messages', 'stream'],
    [{ model: 'm', input: '', max_output_tokens: 'x' }, 'openai-responses', 'max_output_tokens'],
    [{ model: 'm', input: '', background: 'x' }, 'openai-responses', 'background'],
  ] as const)('refuses %j by naming what is wrong', (body, dialect, param) => {
    expect(read(body, dialect)).toMatchObject({ ok: false, param });
  });

  it.each([[{}], [{ contents: null }], [{ contents: 'x' }]])('refuses %j of Gemini', (body) => {
    expect(read(body, 'gemini', PLACE)).toMatchObject({ ok: false, param: 'contents' });
  });

  it('exchanges the name of the model and nothing else', () => {
    const text = ' {"max_tokens": 1, "model" : "a", "messages":[ ], "x":{"model":"a"}}';
    const body = new TextEncoder().encode(text);
    const answer = readConversation(body, 'anthropic-messages', NOWHERE);
    if (!answer.ok) throw new Error(answer.message);
    const edited = editRequest(body, answer.facts, { model: 'b', addStreamUsage: false });
    expect(new TextDecoder().decode(edited)).toBe(text.replace('"model" : "a"', '"model" : "b"'));
  });
});
