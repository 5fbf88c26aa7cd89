import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { continuationBody, ContinuedStream, StreamTranscript } from './continuation.ts';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array | null): string => new TextDecoder().decode(bytes ?? undefined);
const event = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`;
const chunk = (delta: object, more: object = {}, id = 'c1'): string =>
  event({
    id,
    created: 1,
    model: 'm',
    choices: [{ index: 0, delta, finish_reason: null, ...more }],
  });

function transcriptOf(...events: readonly string[]): StreamTranscript {
  const transcript = new StreamTranscript();
  for (const each of events) transcript.note(encode(each));
  return transcript;
}

const role = chunk({ role: 'assistant', content: '', refusal: null });
const REQUEST = { model: 'x', stream: true, messages: [{ role: 'user', content: 'hi' }] };
const bodyOf = (
  more: object = {},
  text = 'Once upon',
  style: 'prefix' | 'continue_final_message' = 'prefix',
) => {
  const bytes = continuationBody(encode(JSON.stringify({ ...REQUEST, ...more })), text, {
    style,
    model: 'real',
    askUsage: true,
  });
  if (bytes === null) return null;
  const body: Record<string, unknown> = JSON.parse(decode(bytes));
  return body;
};

describe('the transcript of a stream', () => {
  it('is the text of its one choice, with what identifies the stream', () => {
    const transcript = transcriptOf(role + chunk({ content: 'Once' }), chunk({ content: ' upon' }));
    expect(transcript).toMatchObject({ text: 'Once upon', id: 'c1', created: 1, model: 'm' });
    expect(transcript.sound).toBe(true);
  });

  it.each([
    ['a tool call', chunk({ tool_calls: [{ index: 0 }] })],
    ['reasoning', chunk({ reasoning_content: 'hm' })],
    ['a refusal', chunk({ refusal: 'no' })],
    ['audio', chunk({ audio: { id: 'a' } })],
    ['log probabilities', chunk({ content: 'a' }, { logprobs: { content: [] } })],
    ['a second choice', chunk({ content: 'a' }, { index: 1 })],
    ['its end', chunk({}, { finish_reason: 'stop' })],
    ['something that is no JSON', 'data: {"a\n\n'],
    ['something that is no chunk', event({ hello: 1 })],
    ['more text than is carried along', chunk({ content: 'x'.repeat(300_000) })],
  ])('is not sound with %s', (_, odd) => {
    expect(transcriptOf(role, chunk({ content: 'Once' }), odd).sound).toBe(false);
  });
});

describe('the request for the rest', () => {
  it('hands the text over in the way the host knows', () => {
    expect(bodyOf()).toMatchObject({
      model: 'real',
      stream_options: { include_usage: true },
      messages: [
        { role: 'user', content: 'hi' },
        { role: 'assistant', content: 'Once upon', prefix: true },
      ],
    });
    const byField = bodyOf({}, 'Once upon', 'continue_final_message');
    expect(byField).toMatchObject({ continue_final_message: true, add_generation_prompt: false });
    expect(byField?.['messages']).toMatchObject([{}, { role: 'assistant', content: 'Once upon' }]);
    expect(JSON.stringify(byField)).not.toContain('prefix');
  });

  it('leaves white space at the end out, and takes what is used off the allowance', () => {
    expect(bodyOf({}, 'Once \n')?.['messages']).toMatchObject([{}, { content: 'Once' }]);
    expect(bodyOf({ max_tokens: 100 }, 'x'.repeat(40))).toMatchObject({ max_tokens: 90 });
    expect(bodyOf({ max_completion_tokens: 10 }, 'x'.repeat(40))).toBeNull();
  });

  it.each([
    [{ tools: [{ type: 'function' }] }],
    [{ functions: [{}] }],
    [{ response_format: { type: 'json_schema' } }],
    [{ response_format: { type: 'json_object' } }],
    [{ logprobs: true }],
    [{ n: 2 }],
    [{ modalities: ['text', 'audio'] }],
    [{ store: true }],
    [{ guided_json: {} }],
    [{ messages: [] }],
    [{ messages: [{ role: 'assistant', content: 'begun by the caller' }] }],
  ])('is not made with %j', (more) => {
    expect(bodyOf(more)).toBeNull();
  });

  it.each([
    [{ n: 1 }],
    [{ tools: [] }],
    [{ response_format: { type: 'text' } }],
    [{ logprobs: false }],
  ])('is made with %j', (more) => {
    expect(bodyOf(more)).not.toBeNull();
  });

  it('is not made for no text at all', () => {
    expect(bodyOf({}, ' \n')).toBeNull();
  });
});

describe('the rest of a stream', () => {
  const rest = (transcript: StreamTranscript, ...events: readonly string[]): string => {
    const stream = new ContinuedStream(transcript, { inputTokens: 10, outputTokens: 5 });
    return events.map((each) => decode(stream.rewrite(encode(each)))).join('');
  };

  it('goes on under the same id, without a second role, to the one end', () => {
    const transcript = transcriptOf(role, chunk({ content: 'Once' }));
    const other = chunk({ role: 'assistant', content: '' }, {}, 'c2');
    const text = rest(
      transcript,
      `: keep-alive\n\n${other}`,
      chunk({ content: ' upon' }, {}, 'c2'),
      chunk({}, { finish_reason: 'stop' }, 'c2'),
      'data: [DONE]\n\n',
    );
    expect(text).toBe(
      `${chunk({ content: ' upon' })}${chunk({}, { finish_reason: 'stop' })}data: [DONE]\n\n`,
    );
  });

  it('tells the tokens of all its parts', () => {
    const usage = { prompt_tokens: 20, completion_tokens: 7, total_tokens: 27, more: 1 };
    const text = rest(transcriptOf(chunk({ content: 'a' })), event({ choices: [], usage }));
    expect(JSON.parse(text.slice(6))).toMatchObject({
      usage: { prompt_tokens: 30, completion_tokens: 12, total_tokens: 42, more: 1 },
    });
  });

  it('fits onto text that ended in white space, however the provider cuts and repeats it', () => {
    const whites = fc.constantFrom('', ' ', '\n', '\n\n', ' \n ');
    fc.assert(
      fc.property(
        whites,
        fc.array(fc.constantFrom(' ', '\n', 'a', 'b '), { minLength: 1 }),
        (end, pieces) => {
          const transcript = transcriptOf(chunk({ content: `Once${end}` }));
          const goesOn = end + pieces.join('');
          const cut = Array.from(goesOn).map((character) => chunk({ content: character }));
          const text = rest(transcript, ...cut)
            .split('\n\n')
            .filter((each) => each.startsWith('data: {'))
            .map((each) => contentOf(each))
            .join('');
          expect(`Once${end}${text}`).toBe(`Once${goesOn}`);
        },
      ),
    );
  });
});

function contentOf(data: string): string {
  const parsed: { choices: { delta: { content?: string } }[] } = JSON.parse(data.slice(6));
  return parsed.choices[0]?.delta.content ?? '';
}
