import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AnswerStamp } from '../canonical/codec.ts';
import type { Part } from '../canonical/content.ts';
import { Drops } from '../canonical/drops.ts';
import { foldStream, unfoldResponse } from '../canonical/fold-stream.contract.ts';
import { bareRequest } from '../canonical/request.ts';
import type { CanonicalResponse } from '../canonical/response.ts';
import { sampleChoice, SAMPLE_RESPONSES, sampleResponse } from '../canonical/samples.contract.ts';
import { textPart } from '../canonical/content.ts';
import { toolCall } from '../canonical/sample-parts.contract.ts';
import type { OpenedPart, StreamEvent } from '../canonical/stream-event.ts';
import type { JsonObject } from '../json/value.ts';
import { responsesCodec as codec } from './codec.ts';
import { checkResponsesStream, wireEventsOf } from './event-grammar.contract.ts';
import { readFixture as read, readJsonFixture as readJson } from './fixtures.contract.ts';

const STAMP: AnswerStamp = {
  id: 'r1',
  model: 'alias',
  createdAt: 1_700_000_000,
  includeUsage: true,
  request: bareRequest('openai-responses', 'alias', []),
};

/** The events of a stream's text, names or none. */
function decoded(text: string): { events: StreamEvent[]; sound: boolean; complete: boolean } {
  const decoder = codec.streamDecoder('seed');
  const events: StreamEvent[] = [];
  let sound = true;
  for (const block of text.split('\n\n').filter((entry) => entry !== '')) {
    const lines = block.split('\n');
    const name = lines.find((line) => line.startsWith('event: '))?.slice(7) ?? '';
    const data = lines.find((line) => line.startsWith('data: '))?.slice(6) ?? '';
    sound = decoder.push(name, data, (event) => events.push(event)) && sound;
  }
  return { events, sound, complete: decoder.end((event) => events.push(event)) };
}

function encoded(events: readonly StreamEvent[], stamp = STAMP): string {
  const encoder = codec.streamEncoder(stamp);
  return events.map((event) => encoder.encode(event)).join('');
}

function whole(body: JsonObject): CanonicalResponse {
  const response = codec.decodeResponse(body, 'seed');
  if (!response.ok) throw new Error(response.message);
  return response.value;
}

/** Folded streams carry neither extensions nor the mark of a verbatim thought. */
function comparable(response: CanonicalResponse): CanonicalResponse {
  const choices = response.choices.map((choice) => ({
    ...choice,
    parts: choice.parts.map((part): Part => {
      if (part.kind !== 'thinking') return part;
      const { verbatim: _, ...rest } = part;
      return rest;
    }),
  }));
  return { ...response, choices, extensions: {} };
}

const FIXTURES = [
  'reasoning-tools',
  'refusal',
  'custom-tool',
  'web-search',
  'image-tool',
  'incomplete',
  'verbatim-reasoning',
];

describe('a streamed response, read', () => {
  it.each(FIXTURES)('tells what the whole answer tells: %s', (name) => {
    const { events, sound, complete } = decoded(read(`${name}.sse`));
    expect([sound, complete]).toEqual([true, true]);
    expect(foldStream('openai-responses', events)).toEqual(comparable(whole(readJson(name))));
  });

  it('tells summaries as thoughts of their own and the sealed thought last', () => {
    const { events } = decoded(read('reasoning-tools.sse'));
    const opened = events.flatMap((event) => (event.kind === 'open' ? [event.of] : []));
    expect(opened).toEqual([
      { kind: 'thinking', id: 'rs_68e2', sealed: null },
      { kind: 'thinking', id: 'rs_68e2', sealed: null },
      {
        kind: 'thinking',
        id: 'rs_68e2',
        sealed: { origin: 'openai-responses', value: 'gAAAAABozQ2k-done==' },
      },
      { kind: 'text' },
      { kind: 'tool_call', id: 'call_a1', name: 'get_weather', custom: false },
      { kind: 'tool_call', id: 'call_a2', name: 'get_time', custom: false },
    ]);
  });

  it('keeps verbatim thoughts apart from summaries', () => {
    const { events } = decoded(read('verbatim-reasoning.sse'));
    expect(events.find((event) => event.kind === 'open')).toMatchObject({
      of: { kind: 'thinking', verbatim: true },
    });
  });

  it.each(['failed.sse', 'error.sse'])('ends in an error with its own words: %s', (name) => {
    const { events, sound } = decoded(read(name));
    const data = read(name).trimEnd().split('data: ').at(-1);
    expect(sound).toBe(true);
    expect(events.at(-1)).toEqual({ kind: 'error', data });
  });

  it('puts up with hosts that leave out names, indexes, beginnings and deltas', () => {
    const { events, sound, complete } = decoded(read('sparse.sse'));
    expect([sound, complete]).toEqual([true, true]);
    const [choice] = foldStream('openai-responses', events).choices;
    expect(choice?.stop).toBe('tool_calls');
    expect(choice?.parts).toMatchObject([
      { kind: 'text', text: 'Whole at once.' },
      { kind: 'tool_call', id: 'call_seed_1', name: 'get_time', arguments: '{"zone":"CET"}' },
      { kind: 'thinking', text: 'Thus.' },
    ]);
  });

  it('takes the output from the last event where none told it before', () => {
    const data = JSON.stringify({ type: 'response.completed', response: readJson('web-search') });
    const { events } = decoded(`data: ${data}\n\n`);
    expect(foldStream('openai-responses', events)).toEqual(
      comparable(whole(readJson('web-search'))),
    );
  });

  it.each(['reasoning-tools', 'web-search'])(
    'is incomplete when cut after any event: %s',
    (name) => {
      const blocks = read(`${name}.sse`).split('\n\n').slice(0, -1);
      for (let count = 0; count < blocks.length; count++) {
        const { sound, complete } = decoded(blocks.slice(0, count).join('\n\n'));
        expect([count, sound, complete]).toEqual([count, true, false]);
      }
    },
  );

  it('is broken by what is no JSON object', () => {
    for (const data of ['{', '[]', '"text"', 'null', '']) {
      expect(codec.streamDecoder('s').push('', data, () => undefined)).toBe(false);
    }
  });

  it('never throws, whatever members events have', () => {
    const types = [...read('reasoning-tools.sse').matchAll(/event: (.*)/g)].map(([, type]) => type);
    const member = fc.constantFrom(
      'output_index',
      'content_index',
      'summary_index',
      'item_id',
      'item',
      'part',
      'delta',
      'text',
      'arguments',
      'response',
      'annotation',
      'logprobs',
    );
    const value = fc.oneof(
      fc.jsonValue({ maxDepth: 2 }),
      fc.constantFrom(...['message', 'reasoning', 'function_call'].map((type) => ({ type }))),
    );
    const event = fc.tuple(fc.constantFrom(...types), fc.dictionary(member, value));
    fc.assert(
      fc.property(fc.array(event, { maxLength: 12 }), (list) => {
        const decoder = codec.streamDecoder('s');
        const open = new Set<number>();
        const astray: StreamEvent[] = [];
        const sound = list.map(([type, members]) =>
          decoder.push('', JSON.stringify({ ...members, type }), (told) => {
            if (told.kind === 'open') open.add(told.part);
            else if ('part' in told && !open.has(told.part)) astray.push(told);
            if (told.kind === 'close') open.delete(told.part);
          }),
        );
        expect([astray, sound.includes(false)]).toEqual([[], false]);
      }),
    );
  });
});

describe('a streamed response, written', () => {
  const samples = [...SAMPLE_RESPONSES].filter(([, { choices }]) => choices.length === 1);

  it.each(samples)('keeps the grammar and says what the whole answer says: %s', (_, response) => {
    const final = checkResponsesStream(encoded(unfoldResponse(response, 3)));
    const answer = codec.encodeResponse(response, STAMP, new Drops());
    const { id, ...rest } = final;
    const { id: wholeId, ...expected } = answer;
    expect(rest).toEqual(expected);
    expect([id, wholeId]).toEqual(
      response.origin === 'openai-responses' ? ['resp_r1', response.id] : ['resp_r1', 'resp_r1'],
    );
  });

  it.each(FIXTURES)('tells a stream of its own dialect again: %s', (name) => {
    const { events } = decoded(read(`${name}.sse`));
    const final = checkResponsesStream(encoded(events));
    const again = whole(final);
    const first = whole(readJson(name));
    expect(comparable({ ...again, id: first.id })).toEqual(comparable(first));
  });

  it('lets parts overlap', () => {
    const open = (part: number, of: OpenedPart): StreamEvent => ({
      kind: 'open',
      choice: 0,
      part,
      of,
    });
    const close = (part: number): StreamEvent => ({ kind: 'close', choice: 0, part });
    const text = (index: number, said: string): StreamEvent => ({
      kind: 'text',
      choice: 0,
      part: index,
      text: said,
    });
    const call = (id: string): OpenedPart => ({ kind: 'tool_call', id, name: 'f', custom: false });
    const events: StreamEvent[] = [
      { kind: 'start', id: null, model: null, createdAt: null },
      open(0, { kind: 'text' }),
      text(0, 'a'),
      open(1, call('c1')),
      open(2, call('c2')),
      text(2, '{"b"'),
      text(1, '{}'),
      text(0, 'A'),
      open(3, { kind: 'text' }),
      close(1),
      text(2, ':1}'),
      close(0),
      text(3, 'z'),
      { kind: 'stop', choice: 0, reason: 'tool_calls', detail: null },
      { kind: 'end' },
    ];
    expect(checkResponsesStream(encoded(events))).toMatchObject({
      status: 'completed',
      output: [
        { type: 'message', content: [{ text: 'aA' }] },
        { type: 'function_call', arguments: '{}', call_id: 'c1' },
        { type: 'function_call', arguments: '{"b":1}', call_id: 'c2' },
        { type: 'message', content: [{ text: 'z' }] },
      ],
    });
  });

  it('tells an incomplete answer and its last item as incomplete', () => {
    const response = sampleResponse([sampleChoice([textPart('On')], { stop: 'length' })]);
    const text = encoded(unfoldResponse(response, 9));
    expect(wireEventsOf(text).at(-1)?.name).toBe('response.incomplete');
    expect(checkResponsesStream(text)).toMatchObject({
      incomplete_details: { reason: 'max_output_tokens' },
      output: [{ status: 'incomplete' }],
    });
  });

  it('passes halves of an emoji on as escapes', () => {
    const response = sampleResponse([sampleChoice([textPart('🌧')])]);
    const text = encoded(unfoldResponse(response, 1));
    expect(text).toContain(String.raw`"delta":"\ud83c"`);
    expect(text).toContain(String.raw`"delta":"\udf27"`);
    expect(checkResponsesStream(text)).toMatchObject({ output: [{ content: [{ text: '🌧' }] }] });
  });

  it('carries 200 parallel calls and a megabyte of arguments', () => {
    const big = JSON.stringify({ text: 'x'.repeat(1_000_000) });
    const calls = Array.from({ length: 200 }, (_, index) =>
      toolCall(`call_${index}`, 'get_time', index === 0 ? big : '{}'),
    );
    const response = sampleResponse([sampleChoice(calls, { stop: 'tool_calls' })]);
    const final = checkResponsesStream(encoded(unfoldResponse(response, big.length)));
    expect(whole(final).choices[0]?.parts).toEqual(calls);
  });

  it('has an end of its own where the provider told nothing', () => {
    expect(checkResponsesStream(encoded([{ kind: 'end' }]))).toMatchObject({
      id: 'resp_r1',
      model: 'alias',
      created_at: 1_700_000_000,
      output: [],
      usage: null,
    });
  });

  it('writes nothing of a failure: the gateway says it', () => {
    const encoder = codec.streamEncoder(STAMP);
    expect(encoder.encode({ kind: 'error', data: '{}' })).toBe('');
    expect(encoder.encode({ kind: 'end' })).toBe('');
  });

  it('keeps the grammar for any answer', () => {
    const part: fc.Arbitrary<Part> = fc.oneof(
      fc.constantFrom('', 'a', 'be "c"', '🌧 and \n', '\ud83d').map((text) => textPart(text)),
      fc.string().map((text): Part => ({ kind: 'refusal', text })),
      fc
        .tuple(fc.string(), fc.boolean(), fc.constantFrom(null, 'rs_1', 'rs_2'))
        .map(([text, signed, id]): Part => ({
          kind: 'thinking',
          text,
          signature: signed ? { origin: 'anthropic-messages', value: 's' } : null,
          sealed: null,
          id,
        })),
      fc.tuple(fc.uuid(), fc.string()).map(([id, text]) => toolCall(id, 'get_time', text)),
    );
    fc.assert(
      fc.property(
        fc.array(part, { maxLength: 8 }),
        fc.integer({ min: 1, max: 5 }),
        (parts, size) => {
          const response = sampleResponse([sampleChoice(parts)]);
          const final = checkResponsesStream(encoded(unfoldResponse(response, size)));
          const { output } = codec.encodeResponse(response, STAMP, new Drops());
          expect(final['output']).toEqual(output);
        },
      ),
    );
  });
});
