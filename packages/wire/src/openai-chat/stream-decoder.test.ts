import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { foldStream } from '../canonical/fold-stream.contract.ts';
import type { StreamEvent } from '../canonical/stream-event.ts';
import type { JsonObject, JsonValue } from '../json/value.ts';
import { chatCodec } from './codec.ts';

interface Decoded {
  readonly events: readonly StreamEvent[];
  readonly whole: boolean;
}

/** Events of SSE text as the splitter tells them: name and data, comments left out. */
function decodeText(text: string): Decoded {
  const pairs = text
    .split('\n\n')
    .map((event) => event.split('\n').filter((line) => line !== '' && !line.startsWith(':')))
    .filter((lines) => lines.length > 0)
    .map((lines) => {
      const field = (name: string) =>
        lines.find((line) => line.startsWith(name))?.slice(name.length) ?? '';
      return [field('event: '), field('data: ')] as const;
    });
  return decodePairs(pairs);
}

function decodePairs(pairs: readonly (readonly [string, string])[]): Decoded {
  const decoder = chatCodec.streamDecoder('seed');
  const events: StreamEvent[] = [];
  const tell = (event: StreamEvent) => events.push(event);
  const fine = pairs.every(([name, data]) => decoder.push(name, data, tell));
  return { events, whole: fine && decoder.end(tell) };
}

const decodeChunks = (...chunks: readonly JsonValue[]): Decoded =>
  decodePairs(chunks.map((chunk) => ['', JSON.stringify(chunk)] as const));

/** Chunks with these deltas for choice 0, then a stop. */
const decodeDeltas = (...deltas: readonly JsonObject[]): Decoded =>
  decodeChunks(...deltas.map((delta) => ({ id: 'a', choices: [{ index: 0, delta }] })), {
    id: 'a',
    choices: [{ index: 0, delta: {}, finish_reason: 'stop' }],
  });

const fold = ({ events }: Decoded) => foldStream('openai-chat', events);
const partsOf = (decoded: Decoded) => fold(decoded).choices[0]?.parts;
/** A fixture's text, its lines ended alike. */
const fixture = (name: string) =>
  readFileSync(new URL(`./fixtures/${name}`, import.meta.url), 'utf8').replaceAll('\r\n', '\n');

const call = (index: number | null, of: JsonObject, id?: string): JsonObject => ({
  tool_calls: [
    {
      ...(index === null ? {} : { index }),
      ...(id === undefined ? {} : { id, type: 'function' }),
      function: of,
    },
  ],
});

describe('a stream of a host of the Chat dialect', () => {
  it.each<[string, readonly object[]]>([
    [
      'chat-stream.sse',
      [
        {
          stop: 'stop',
          parts: [{ text: expect.stringMatching(/^Hello from 東京 👩‍👩‍👧‍👦! .*\ttab$/su) }],
        },
      ],
    ],
    [
      'chat-stream-tools.sse',
      [
        {
          stop: 'tool_calls',
          parts: [{ id: 'call_Zk3', name: 'get_weather', arguments: '{"city":"Zürich"}' }],
        },
      ],
    ],
    [
      'chat-stream-two-choices.sse',
      [
        { stop: 'stop', parts: [{ text: 'A' }] },
        { stop: 'length', parts: [{ text: 'B' }] },
      ],
    ],
    [
      'deepseek-stream.sse',
      [
        {
          stop: 'stop',
          parts: [
            { kind: 'thinking', text: '思考' },
            { kind: 'text', text: '答' },
          ],
        },
      ],
    ],
    ['azure-stream-no-done.sse', [{ stop: 'stop', parts: [{ text: 'Hi' }] }]],
  ])('is told whole, and broken where it is cut: %s', (name, choices) => {
    const text = fixture(name);
    expect(decodeText(text).whole).toBe(true);
    expect(fold(decodeText(text)).choices).toMatchObject(choices);
    const events = text.split('\n\n');
    const finishes = (some: readonly string[]) =>
      some.filter((event) => event.includes('"finish_reason":"')).length;
    for (let kept = 0; kept < events.length; kept++) {
      const some = events.slice(0, kept);
      const isWhole = finishes(some) === finishes(events);
      expect(decodeText(some.join('\n\n')).whole).toBe(isWhole);
    }
  });

  it.each([
    ['openrouter-stream-error-first.sse'],
    ['openrouter-stream-error-later.sse'],
    ['groq-stream-error.sse'],
  ])('hands on the words of an error: %s', (name) => {
    const { events } = decodeText(fixture(name));
    const last = events.at(-1);
    if (last?.kind !== 'error') throw new Error('no error');
    expect(last.data).toContain('error');
    expect(events.some(({ kind }) => kind === 'end')).toBe(false);
  });

  it('says the same as the whole answer would', () => {
    const details = [
      { type: 'reasoning.text', text: 'hm, so', signature: 'c2ln', index: 0 },
      { type: 'reasoning.encrypted', data: 'c2Vh', index: 1 },
    ];
    const whole = chatCodec.decodeResponse(
      {
        id: 'a',
        model: 'm',
        created: 5,
        choices: [
          {
            index: 0,
            message: {
              reasoning: 'hm, so',
              reasoning_details: details,
              content: 'Hi 👋',
              tool_calls: [
                { id: 'x', type: 'function', function: { name: 'f', arguments: '{"a":1}' } },
                { id: 'y', type: 'custom', custom: { name: 'g', input: 'b' } },
              ],
            },
            logprobs: { content: [{ token: 'Hi' }, { token: '👋' }] },
            finish_reason: 'tool_calls',
          },
        ],
        usage: { prompt_tokens: 3, completion_tokens: 4 },
      },
      'seed',
    );
    const delta = (of: JsonObject, more: JsonObject = {}) => ({
      id: 'a',
      model: 'm',
      created: 5,
      choices: [{ index: 0, delta: of, ...more }],
    });
    const thought = (text: string, more: JsonObject = {}) => ({
      reasoning: text,
      reasoning_details: [{ type: 'reasoning.text', text, index: 0, ...more }],
    });
    const decoded = decodeChunks(
      delta({ role: 'assistant', content: '' }),
      delta(thought('hm, ')),
      delta(thought('so')),
      delta(thought('', { signature: 'c2ln' })),
      delta({ reasoning_details: details.slice(1) }),
      delta({ content: 'Hi \ud83d' }, { logprobs: { content: [{ token: 'Hi' }] } }),
      delta({ content: '\udc4b' }, { logprobs: { content: [{ token: '👋' }] } }),
      delta(call(0, { name: 'f', arguments: '' }, 'x')),
      delta({
        tool_calls: [{ index: 1, id: 'y', type: 'custom', custom: { name: 'g', input: '' } }],
      }),
      delta(call(0, { arguments: '{"a"' })),
      delta({ tool_calls: [{ index: 1, custom: { input: 'b' } }] }),
      delta(call(0, { arguments: ':1}' })),
      delta({}, { finish_reason: 'tool_calls' }),
      { id: 'a', choices: [], usage: { prompt_tokens: 3, completion_tokens: 4 } },
    );
    expect(whole).toEqual({ ok: true, value: fold(decoded) });
  });

  it.each<[string, readonly JsonObject[], readonly object[]]>([
    [
      'the same index for all calls, as Google',
      [call(0, { name: 'f', arguments: '1' }, 'x'), call(0, { name: 'g', arguments: '2' }, 'y')],
      [
        { id: 'x', name: 'f', arguments: '1' },
        { id: 'y', name: 'g', arguments: '2' },
      ],
    ],
    [
      'no index and no id, as Ollama',
      [call(null, { name: 'f', arguments: '1' }), call(null, { name: 'f', arguments: '2' })],
      [
        { id: 'call_seed_0_0', name: 'f', arguments: '1' },
        { id: 'call_seed_0_1', name: 'f', arguments: '2' },
      ],
    ],
    [
      'the id again in every fragment',
      [call(0, { name: 'f', arguments: '1' }, 'x'), call(0, { arguments: '2' }, 'x')],
      [{ id: 'x', name: 'f', arguments: '12' }],
    ],
    [
      'the name after the first arguments',
      [call(0, { arguments: '1' }, 'x'), call(0, { name: 'f', arguments: '2' })],
      [{ id: 'x', name: 'f', arguments: '12' }],
    ],
    [
      'a legacy function',
      [{ function_call: { name: 'f', arguments: '1' } }, { function_call: { arguments: '2' } }],
      [{ name: 'f', arguments: '12' }],
    ],
    [
      'a proof on the call',
      [
        {
          tool_calls: [
            {
              index: 0,
              id: 'x',
              function: { name: 'f', arguments: '{}' },
              extra_content: { google: { thought_signature: 'c2ln' } },
            },
          ],
        },
      ],
      [{ id: 'x', signature: { origin: 'openai-chat', value: 'c2ln' } }],
    ],
  ])('may have calls with %s', (_name, deltas, calls) => {
    const decoded = decodeDeltas(...deltas);
    expect(partsOf(decoded)).toMatchObject(calls);
    expect(fold(decoded).choices[0]?.stop).toBe('tool_calls');
  });

  it.each<[string, readonly JsonObject[], readonly object[]]>([
    [
      'content lists of Mistral',
      [
        { content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'h' }] }] },
        { content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'm' }] }] },
        { content: [{ type: 'text', text: 'a' }] },
        { content: 'b' },
      ],
      [
        { kind: 'thinking', text: 'hm' },
        { kind: 'text', text: 'ab' },
      ],
    ],
    [
      'thoughts between texts',
      [{ content: 'a' }, { reasoning_content: 'hm' }, { content: 'b', reasoning_content: null }],
      [{ text: 'a' }, { text: 'hm' }, { text: 'b' }],
    ],
    [
      'several thoughts',
      [0, 0, 1].map((index) => ({
        reasoning_details: [{ type: 'reasoning.summary', summary: `${index}`, index }],
      })),
      [{ text: '00' }, { text: '1' }],
    ],
    ['a refusal', [{ refusal: 'N' }, { refusal: 'o.' }], [{ kind: 'refusal', text: 'No.' }]],
    [
      'pictures and sound',
      [
        { images: [{ type: 'image_url', image_url: { url: 'https://a.example/b' } }] },
        { audio: { id: 'x', data: 'AAAA' } },
      ],
      [{ kind: 'image' }, { kind: 'foreign', name: 'audio', value: { id: 'x' } }],
    ],
    [
      'citations, and a proof of the text',
      [
        { content: 'a' },
        { annotations: [{ type: 'url_citation' }] },
        { content: '', extra_content: { google: { thought_signature: 'c2ln' } } },
      ],
      [{ text: 'a', annotations: { list: [{}] }, signature: { value: 'c2ln' } }],
    ],
  ])('may have %s', (_name, deltas, parts) => {
    expect(partsOf(decodeDeltas(...deltas))).toMatchObject(parts);
  });

  it('counts its usage wherever the host tells it, the last time counting', () => {
    const finish = { id: 'a', choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] };
    const usage = { prompt_tokens: 1, completion_tokens: 2 };
    const grown = { prompt_tokens: 1, completion_tokens: 3 };
    for (const chunks of [
      [{ ...finish, usage }],
      [finish, { choices: [], usage }],
      [finish, { choices: [], usage: grown }, { choices: [], usage }],
      [{ ...finish, x_groq: { usage } }],
    ]) {
      expect(fold(decodeChunks(...chunks)).usage).toMatchObject({ outputTokens: 2 });
    }
  });

  it('ends with [DONE] even where no reason was given, but not without either', () => {
    const chunk = [
      '',
      JSON.stringify({ id: 'a', choices: [{ delta: { content: 'a' } }] }),
    ] as const;
    const done = decodePairs([chunk, ['', '[DONE]']]);
    expect(done.whole).toBe(true);
    expect(fold(done).choices).toMatchObject([{ stop: 'stop', parts: [{ text: 'a' }] }]);
    expect(decodePairs([chunk]).whole).toBe(false);
    expect(decodePairs([['', '[DONE]']]).whole).toBe(false);
    expect(decodePairs([]).whole).toBe(false);
  });

  it.each<[string, boolean]>([
    ['7', true],
    ['[]', true],
    ['{}', true],
    ['{"choices":7,"usage":"x"}', true],
    ['{"choices":[7,null,{"delta":7},{"delta":{"content":7,"tool_calls":[7,{}]}}]}', true],
    ['{"choices":[{"index":0,"delta":{"reasoning_details":[7,{}],"images":[7],"audio":7}}]}', true],
    ['{"choices":[{"index":-1}]}', false],
    ['{"choices":[{"index":1e9}]}', false],
    ['{"choices":[{"index":"x"}]}', false],
    ['{"choices"', false],
    ['', false],
  ])('takes %s without throwing', (data, fine) => {
    expect(chatCodec.streamDecoder('seed').push('', data, () => undefined)).toBe(fine);
  });

  it('says nothing more after a choice has stopped, or the stream has', () => {
    const chunk = { id: 'a', choices: [{ index: 0, delta: { content: 'late' } }] };
    const decoded = decodeChunks(
      { id: 'a', choices: [{ delta: {}, finish_reason: 'stop' }] },
      chunk,
    );
    expect(partsOf(decoded)).toEqual([]);
    const after = decodePairs([
      ['', JSON.stringify({ id: 'a', choices: [{ delta: {}, finish_reason: 'stop' }] })],
      ['', '[DONE]'],
      ['', JSON.stringify(chunk)],
    ]);
    expect([after.whole, fold(after).choices[0]?.parts]).toEqual([true, []]);
  });

  it('takes 200 calls at once, and a megabyte of arguments in one delta', () => {
    const count = 200;
    const open = Array.from({ length: count }, (_, index) =>
      call(index, { name: 'f', arguments: '' }, `id_${index}`),
    );
    const more = Array.from({ length: count }, (_, index) =>
      call(index, { arguments: `${index}` }),
    );
    const big = 'x'.repeat(1_000_000);
    const parts = partsOf(decodeDeltas(...open, ...more, call(7, { arguments: big })));
    expect(parts).toHaveLength(count);
    expect(parts?.[199]).toMatchObject({ id: 'id_199', arguments: '199' });
    expect(parts?.[7]).toMatchObject({ arguments: `7${big}` });
  });
});
