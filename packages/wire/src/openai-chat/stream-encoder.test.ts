import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Drops } from '../canonical/drops.ts';
import type { AnswerStamp } from '../canonical/codec.ts';
import { foldStream, unfoldResponse } from '../canonical/fold-stream.contract.ts';
import { thinking, toolCall } from '../canonical/sample-parts.contract.ts';
import {
  SAMPLE_RESPONSES,
  sampleChoice,
  sampleRequest,
  sampleResponse,
} from '../canonical/samples.contract.ts';
import { textPart, type Part } from '../canonical/content.ts';
import type { OpenedPart, StreamEvent } from '../canonical/stream-event.ts';
import { chatCodec } from './codec.ts';
import { chatEventData, checkChatEvents } from './event-grammar.contract.ts';

const STAMP: AnswerStamp = {
  id: 'req-1',
  model: 'shown',
  createdAt: 1_700_000_000,
  includeUsage: true,
  request: sampleRequest([]),
};

function encoded(events: readonly StreamEvent[], stamp = STAMP): string {
  const encoder = chatCodec.streamEncoder(stamp);
  return events.map((event) => encoder.encode(event)).join('');
}

function decoded(stream: string) {
  const decoder = chatCodec.streamDecoder('seed');
  const events: StreamEvent[] = [];
  for (const data of chatEventData(stream)) decoder.push('', data, (event) => events.push(event));
  return foldStream('openai-chat', events);
}

const START: StreamEvent = { kind: 'start', id: 'a', model: 'm', createdAt: 5 };
const END: StreamEvent = { kind: 'end' };
const open = (part: number, of: OpenedPart, choice = 0): StreamEvent => ({
  kind: 'open',
  choice,
  part,
  of,
});
const text = (part: number, said: string, choice = 0): StreamEvent => ({
  kind: 'text',
  choice,
  part,
  text: said,
});
const close = (part: number, choice = 0): StreamEvent => ({ kind: 'close', choice, part });
const stop = (choice = 0): StreamEvent => ({
  kind: 'stop',
  choice,
  reason: 'stop',
  detail: null,
});
const tool = (name: string): OpenedPart => ({
  kind: 'tool_call',
  id: `id_${name}`,
  name,
  custom: false,
});

/** Thoughts before texts before calls, as a message of this dialect has them, and texts in one. */
const RANK: readonly Part['kind'][] = ['thinking', 'text', 'refusal', 'image', 'tool_call'];
const ranked = (parts: readonly Part[]) =>
  parts.toSorted((one, other) => RANK.indexOf(one.kind) - RANK.indexOf(other.kind));

describe('a stream told to a caller of the Chat dialect', () => {
  it.each([...SAMPLE_RESPONSES])('says what the whole answer says: %s', (_name, response) => {
    const body = chatCodec.encodeResponse(response, STAMP, new Drops());
    const whole = chatCodec.decodeResponse(body, 'seed');
    if (!whole.ok) throw new Error(whole.message);
    for (const pieceLength of [1, 100]) {
      const stream = encoded(unfoldResponse(response, pieceLength));
      checkChatEvents(stream);
      const { choices, ...rest } = decoded(stream);
      const { choices: told, extensions, ...same } = whole.value;
      expect(rest).toEqual({ ...same, extensions: {} });
      expect(extensions).toEqual({});
      expect(choices.map(({ parts }) => ranked(parts))).toEqual(
        told.map(({ parts }) => ranked(parts)),
      );
      // What only its host calls a reason is not told in a stream, where the host is not known.
      const reasons = told.map(({ stop: reason }) => (reason === 'other' ? 'stop' : reason));
      expect(choices.map(({ stop: reason }) => reason)).toEqual(reasons);
      expect(choices.map(({ logprobs }) => logprobs)).toEqual(told.map(({ logprobs }) => logprobs));
    }
  });

  it('says the same as the whole answer, whatever is said in whatever pieces', () => {
    const unit = fc.constantFrom('a', ' ', '"', '\\', '\n', '\u2028', '👋', '\ud83d', '\udc4b');
    const words = fc.string({ minLength: 1, maxLength: 20, unit });
    const parts = fc
      .record({
        thought: fc.option(words),
        said: fc.option(words),
        calls: fc.array(fc.record({ name: words, text: fc.string({ maxLength: 20, unit }) }), {
          maxLength: 3,
        }),
      })
      .map(({ thought, said, calls }): readonly Part[] =>
        [
          thought === null ? [] : [thinking(thought, null)],
          said === null ? [] : [textPart(said)],
          calls.map(({ name, text: json }, index) => toolCall(`id_${index}`, name, json)),
        ].flat(),
      );
    const answers = fc.array(parts, { minLength: 1, maxLength: 2 });
    fc.assert(
      fc.property(answers, fc.integer({ min: 1, max: 9 }), (choices, pieceLength) => {
        const response = sampleResponse(
          choices.map((list) => {
            const called = list.some(({ kind }) => kind === 'tool_call');
            return sampleChoice(list, { stop: called ? 'tool_calls' : 'stop' });
          }),
        );
        const stream = encoded(unfoldResponse(response, pieceLength));
        checkChatEvents(stream);
        expect(decoded(stream)).toEqual(response);
        const body = chatCodec.encodeResponse(response, STAMP, new Drops());
        expect(chatCodec.decodeResponse(body, 'seed')).toEqual({ ok: true, value: response });
      }),
    );
  });

  it('is what OpenAI would send, to the byte', () => {
    const usage = {
      inputTokens: 3,
      outputTokens: 2,
      cachedTokens: 1,
      cacheWriteTokens: 0,
      reasoningTokens: 0,
      audioInputTokens: 0,
      audioOutputTokens: 0,
    };
    const events = [
      START,
      open(0, { kind: 'text' }),
      text(0, 'Hi "you"\n'),
      close(0),
      stop(),
      { kind: 'usage', usage },
      END,
    ] as const;
    const head =
      'data: {"id":"a","object":"chat.completion.chunk","created":5,"model":"m","choices":[';
    expect(encoded(events)).toBe(
      [
        `${head}{"index":0,"delta":{"role":"assistant","content":"","refusal":null},"logprobs":null,"finish_reason":null}],"usage":null}`,
        `${head}{"index":0,"delta":{"content":"Hi \\"you\\"\\n"},"logprobs":null,"finish_reason":null}],"usage":null}`,
        `${head}{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}],"usage":null}`,
        `${head}],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5,"prompt_tokens_details":{"cached_tokens":1},"completion_tokens_details":{"reasoning_tokens":0}}}`,
        'data: [DONE]',
        '',
      ].join('\n\n'),
    );
    expect(encoded(events, { ...STAMP, includeUsage: false })).not.toContain('usage');
  });

  it('lets calls and choices interleave as they come', () => {
    const stream = encoded([
      START,
      open(0, tool('f')),
      open(1, tool('g')),
      open(0, { kind: 'text' }, 1),
      text(1, '2'),
      text(0, 'other', 1),
      text(0, '1'),
      text(1, '2'),
      close(0),
      close(1),
      stop(),
      close(0, 1),
      stop(1),
      END,
    ]);
    checkChatEvents(stream);
    expect(decoded(stream).choices).toMatchObject([
      {
        parts: [
          { id: 'id_f', arguments: '1' },
          { id: 'id_g', arguments: '22' },
        ],
      },
      { parts: [{ text: 'other' }] },
    ]);
  });

  it('keeps an emoji whole that comes in halves', () => {
    const stream = encoded([
      START,
      open(0, { kind: 'text' }),
      text(0, '\ud83d'),
      text(0, '\udc4b'),
      close(0),
      stop(),
      END,
    ]);
    expect(stream).toContain('"content":"\\ud83d"');
    expect(decoded(stream).choices[0]?.parts).toMatchObject([{ text: '👋' }]);
  });

  it('tells a thought for those who read it and for those who hand it back', () => {
    const stream = encoded([
      START,
      open(0, { kind: 'thinking', id: null, sealed: null }),
      text(0, 'hm'),
      {
        kind: 'signature',
        choice: 0,
        part: 0,
        signature: { origin: 'anthropic-messages', value: 'c2ln' },
      },
      close(0),
      stop(),
      END,
    ]);
    const deltas = checkChatEvents(stream).map(({ choices }) => choices);
    expect(deltas).toMatchObject([
      {},
      [
        {
          delta: {
            reasoning_content: 'hm',
            reasoning_details: [{ type: 'reasoning.text', text: 'hm', index: 0 }],
          },
        },
      ],
      [{ delta: { reasoning_details: [{ signature: 'Keywell/anthc2ln', index: 0 }] } }],
      {},
    ]);
  });

  it('says nothing for signs of life, errors and what it has no place for', () => {
    const foreign = {
      kind: 'foreign',
      origin: 'gemini',
      name: 'executableCode',
      value: {},
    } as const;
    const events: StreamEvent[] = [
      { kind: 'alive' },
      { kind: 'error', data: '{}' },
      START,
      close(0),
    ];
    expect(encoded([...events, text(3, 'of no part')])).toBe('');
    const stream = encoded([START, open(0, foreign), close(0), stop(), END]);
    expect(checkChatEvents(stream)).toHaveLength(2);
  });
});

describe('the grammar of a Chat stream', () => {
  const frame = '"id":"a","object":"chat.completion.chunk","created":1,"model":"m"';
  const event = (choice: string) => `data: {${frame},"choices":[${choice}]}\n\n`;
  const role = '{"index":0,"delta":{"role":"assistant"},"finish_reason":null}';
  const end = '{"index":0,"delta":{},"finish_reason":"stop"}';
  const fragment = (fields: string) =>
    event(`{"index":0,"delta":{"tool_calls":[{${fields}}]},"finish_reason":null}`);
  const done = 'data: [DONE]\n\n';

  it.each<[string, string]>([
    ['in the middle of an event', event(role).slice(0, -1)],
    ['not [DONE]', event(role) + event(end)],
    ['no finish_reason', event(role) + done],
    ['not in its first chunk', event(end) + done],
    ['or again later', event(role) + event(role) + event(end) + done],
    ['after its finish_reason', event(role) + event(end) + event(end) + done],
    ['the usage is no object', event(role) + event('') + done],
    ['no event of one line', `event: x\n${event(role)}${done}`],
    [
      'out of turn',
      event(role) + fragment('"index":1,"id":"x","function":{"arguments":""}') + done,
    ],
    ['never begun', event(role) + fragment('"index":1,"function":{"arguments":""}') + done],
    [
      'without an id',
      event(role) + fragment('"index":0,"id":"x","function":{"arguments":""}') + done,
    ],
    ['has no text', event(role) + fragment('"index":0,"function":{}') + done],
    ['the same in all', event(role) + event(end).replace('"id":"a"', '"id":"b"') + done],
  ])('has no place for this: %s', (message, stream) => {
    expect(() => checkChatEvents(stream)).toThrow(message);
  });
});
