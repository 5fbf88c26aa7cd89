import * as fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { AnswerStamp } from '../canonical/codec.ts';
import { Drops } from '../canonical/drops.ts';
import { foldStream, unfoldResponse } from '../canonical/fold-stream.contract.ts';
import type { CanonicalResponse } from '../canonical/response.ts';
import { SAMPLE_REQUESTS, SAMPLE_RESPONSES, sampleRequest } from '../canonical/samples.contract.ts';
import type { StreamEvent } from '../canonical/stream-event.ts';
import { isJsonObject, type JsonObject } from '../json/value.ts';
import { EventSplitter } from '../sse/event-splitter.ts';
import { converseCodec } from './codec.ts';
import { ConverseGrammar } from './event-grammar.contract.ts';
import { encodeFrame, FrameSplitter } from './event-stream.ts';
import { renderError, renderStreamError } from './render-error.ts';

const STAMP: AnswerStamp = {
  id: 'id',
  model: 'm',
  createdAt: 0,
  includeUsage: true,
  request: SAMPLE_REQUESTS.get('text') ?? sampleRequest([]),
};

interface Named {
  readonly name: string;
  readonly data: string;
}

const read = (name: string): string =>
  readFileSync(new URL(`fixtures/${name}`, import.meta.url), 'utf8');

function objectIn(text: string): JsonObject {
  const value: unknown = JSON.parse(text);
  if (!isJsonObject(value)) throw new Error('no object');
  return value;
}

const STREAM: readonly Named[] = read('stream-thinking-tools.jsonl')
  .trim()
  .split('\n')
  .map((line) => {
    const { name, data } = objectIn(line);
    return { name: typeof name === 'string' ? name : '', data: JSON.stringify(data) };
  });

function told(events: readonly Named[]): { events: StreamEvent[]; whole: boolean } {
  const decoder = converseCodec.streamDecoder('seed');
  const heard: StreamEvent[] = [];
  const tell = (event: StreamEvent): void => void heard.push(event);
  const good = events.every(({ name, data }) => decoder.push(name, data, tell));
  return { events: heard, whole: decoder.end(tell) && good };
}

/** The answer as a caller of Converse gets it in a stream: its events by name. */
function streamed(response: CanonicalResponse, pieceLength: number): Named[] {
  const encoder = converseCodec.streamEncoder(STAMP);
  const text = unfoldResponse(response, pieceLength)
    .map((event) => encoder.encode(event))
    .join('');
  const splitter = new EventSplitter();
  splitter.push(new TextEncoder().encode(text));
  const events: Named[] = [];
  const utf8 = new TextDecoder();
  while (splitter.next()) {
    const { bytes, nameStart, nameEnd } = splitter;
    const name = utf8.decode(bytes.subarray(nameStart, nameEnd));
    events.push({ name, data: utf8.decode(splitter.data()) });
  }
  expect(splitter.finish()).toBe(false);
  return events;
}

function whole(response: CanonicalResponse): { body: JsonObject; back: CanonicalResponse } {
  const body = converseCodec.encodeResponse(response, STAMP, new Drops());
  const decoded = converseCodec.decodeResponse(objectIn(JSON.stringify(body)), 'seed');
  if (!decoded.ok) throw new Error(decoded.message);
  return { body, back: decoded.value };
}

describe('an answer', () => {
  it('is read with its usage counted once', () => {
    const decoded = converseCodec.decodeResponse(objectIn(read('tool-use.json')), 'seed');
    expect(decoded).toMatchObject({
      ok: true,
      value: {
        choices: [
          {
            parts: [
              { kind: 'text', text: "I'll look the song up." },
              {
                kind: 'tool_call',
                id: 'tooluse_kZJMlvQmRJ6eAyJE5GIl7Q',
                name: 'top_song',
                arguments: '{"sign":"WZPZ"}',
              },
            ],
            stop: 'tool_calls',
          },
        ],
        usage: { inputTokens: 510, outputTokens: 54, cachedTokens: 400, cacheWriteTokens: 100 },
        extensions: {},
      },
    });
  });

  it('is written back as it was given, but for the time that it took', () => {
    const body = objectIn(read('tool-use.json'));
    const decoded = converseCodec.decodeResponse(body, 'seed');
    if (!decoded.ok) throw new Error(decoded.message);
    const written = converseCodec.encodeResponse(decoded.value, STAMP, new Drops());
    expect(written).toEqual({ ...body, metrics: { latencyMs: 0 } });
  });

  it.each([
    ['end_turn', 'stop', null],
    ['tool_use', 'tool_calls', null],
    ['max_tokens', 'length', null],
    ['stop_sequence', 'stop_sequence', null],
    ['guardrail_intervened', 'content_filter', 'guardrail_intervened'],
    ['content_filtered', 'content_filter', null],
    ['model_context_window_exceeded', 'context_length', null],
    ['malformed_tool_use', 'other', 'malformed_tool_use'],
    ['malformed_model_output', 'other', 'malformed_model_output'],
    ['something_new', 'other', 'something_new'],
  ])('that stopped by %s says so, and again when written', (stopReason, stop, stopDetail) => {
    const body = { output: { message: { role: 'assistant', content: [] } }, stopReason };
    const decoded = converseCodec.decodeResponse(body, 'seed');
    expect(decoded).toMatchObject({ ok: true, value: { choices: [{ stop, stopDetail }] } });
    if (!decoded.ok) return;
    const back = converseCodec.encodeResponse(decoded.value, STAMP, new Drops());
    expect(back['stopReason']).toBe(stopReason);
  });

  it('names the sequence that stopped it, where it was asked for', () => {
    const decoded = converseCodec.decodeResponse(
      {
        output: { message: { content: [{ text: 'a' }] } },
        stopReason: 'stop_sequence',
        additionalModelResponseFields: { stop_sequence: 'END' },
      },
      'seed',
    );
    expect(decoded).toMatchObject({ ok: true, value: { choices: [{ stopDetail: 'END' }] } });
  });

  it('is read leniently: what is malformed stays as it is or is passed over', () => {
    const content = [1, { text: 5 }, { toolUse: { toolUseId: '', name: 'a' } }, { novelty: {} }];
    const decoded = converseCodec.decodeResponse({ output: { message: { content } } }, 'seed');
    expect(decoded).toMatchObject({
      ok: true,
      value: {
        choices: [
          {
            parts: [
              { kind: 'foreign', name: 'text' },
              { kind: 'tool_call', id: 'seed_1', arguments: '{}' },
              { kind: 'foreign', name: 'novelty' },
            ],
          },
        ],
        usage: null,
      },
    });
  });

  it('never throws, whatever comes, and is refused without a message', () => {
    expect(converseCodec.decodeResponse({ output: {} }, 'seed')).toMatchObject({
      ok: false,
      code: 'upstream_invalid',
    });
    const body = fc.record({
      output: fc.record({
        message: fc.dictionary(fc.constantFrom('content', 'role'), fc.jsonValue()),
      }),
      stopReason: fc.jsonValue(),
      usage: fc.jsonValue(),
    });
    fc.assert(
      fc.property(body, (any) => {
        const decoded = converseCodec.decodeResponse(objectIn(JSON.stringify(any)), 'seed');
        expect(decoded.ok).toBe(true);
      }),
    );
  });
});

describe('a stream', () => {
  it('says what the whole answer would', () => {
    const { events, whole: ended } = told(STREAM);
    expect(ended).toBe(true);
    expect(foldStream('bedrock-converse', events)).toEqual({
      origin: 'bedrock-converse',
      id: null,
      model: null,
      createdAt: null,
      choices: [
        {
          parts: [
            {
              kind: 'thinking',
              text: 'They want a song.',
              signature: { origin: 'bedrock-converse', value: 'RXJ0' },
              sealed: null,
              id: null,
            },
            {
              kind: 'text',
              text: "I'll look it up.",
              annotations: null,
              signature: null,
              cache: null,
            },
            {
              kind: 'tool_call',
              id: 'tooluse_1',
              name: 'top_song',
              arguments: '{"sign":"WZPZ"}',
              custom: false,
              signature: null,
              cache: null,
            },
          ],
          stop: 'tool_calls',
          stopDetail: null,
          logprobs: null,
        },
      ],
      usage: expect.objectContaining({ inputTokens: 10, outputTokens: 54 }),
      extensions: {},
    });
  });

  it('is known to be cut wherever it is cut before its message stops', () => {
    const stop = STREAM.findIndex(({ name }) => name === 'messageStop');
    for (let length = 0; length <= STREAM.length; length += 1) {
      expect(told(STREAM.slice(0, length)).whole).toBe(length > stop);
    }
  });

  it('survives its frames, cut at every byte', () => {
    const frames = STREAM.map(({ name, data }) => encodeFrame(name, data));
    const bytes = Uint8Array.from(frames.flatMap((frame) => Array.from(frame)));
    for (let at = 0; at < bytes.length; at += 7) {
      const splitter = new FrameSplitter();
      const seen: Named[] = [];
      for (const chunk of [bytes.subarray(0, at), bytes.subarray(at)]) {
        splitter.push(chunk);
        while (splitter.next()) seen.push({ name: splitter.name, data: splitter.text() });
      }
      expect(seen).toEqual(STREAM);
    }
  });

  it('that ends in an exception tells it as a refusal that the classifier reads', () => {
    const { events } = told([
      ...STREAM.slice(0, 2),
      { name: 'exception:throttlingException', data: '{"message":"Too many tokens"}' },
      { name: 'messageStop', data: '{}' },
    ]);
    expect(events.at(-1)).toEqual({
      kind: 'error',
      data: '{"message":"Too many tokens","code":"throttlingException"}',
    });
    expect(told([{ name: 'exception:InternalFailure', data: 'oops' }]).events).toEqual([
      { kind: 'error', data: '{"message":"oops","code":"InternalFailure"}' },
    ]);
  });

  it('is broken by what is no JSON object, and alive through what is unknown', () => {
    expect(told([{ name: 'messageStart', data: '{' }]).whole).toBe(false);
    expect(told([{ name: 'messageStart', data: '[]' }]).whole).toBe(false);
    const unknown = [
      { name: 'novelty', data: '{}' },
      { name: 'contentBlockDelta', data: '{"contentBlockIndex":0,"delta":{"novelty":{}}}' },
      { name: 'contentBlockDelta', data: '{"contentBlockIndex":0}' },
      {
        name: 'contentBlockDelta',
        data: '{"contentBlockIndex":0,"delta":{"toolUse":{"input":"x"}}}',
      },
      { name: 'contentBlockStop', data: '{"contentBlockIndex":9}' },
    ];
    const { events } = told(unknown);
    expect(events.map(({ kind }) => kind)).toEqual(unknown.map(() => 'alive'));
  });

  it("passes over a server's tool, and gives a call without arguments an empty object", () => {
    const { events } = told([
      { name: 'messageStart', data: '{"role":"assistant"}' },
      {
        name: 'contentBlockStart',
        data: '{"contentBlockIndex":0,"start":{"toolUse":{"toolUseId":"s","name":"nova_grounding","type":"server_tool_use"}}}',
      },
      {
        name: 'contentBlockDelta',
        data: '{"contentBlockIndex":0,"delta":{"toolUse":{"input":"{}"}}}',
      },
      { name: 'contentBlockStop', data: '{"contentBlockIndex":0}' },
      {
        name: 'contentBlockStart',
        data: '{"contentBlockIndex":1,"start":{"toolUse":{"name":"look"}}}',
      },
      { name: 'messageStop', data: '{"stopReason":"tool_use"}' },
      { name: 'metadata', data: '{"usage":{"inputTokens":1,"outputTokens":2}}' },
    ]);
    const { choices } = foldStream('bedrock-converse', events);
    expect(choices[0]?.parts).toMatchObject([
      { kind: 'tool_call', id: 'seed_0', name: 'look', arguments: '{}' },
    ]);
  });

  it('keeps sealed thoughts and citations', () => {
    const { events } = told([
      { name: 'messageStart', data: '{"role":"assistant"}' },
      {
        name: 'contentBlockDelta',
        data: '{"contentBlockIndex":0,"delta":{"reasoningContent":{"redactedContent":"YQ=="}}}',
      },
      {
        name: 'contentBlockDelta',
        data: '{"contentBlockIndex":0,"delta":{"reasoningContent":{"redactedContent":"Yg=="}}}',
      },
      { name: 'contentBlockStop', data: '{"contentBlockIndex":0}' },
      { name: 'contentBlockDelta', data: '{"contentBlockIndex":1,"delta":{"text":"So"}}' },
      {
        name: 'contentBlockDelta',
        data: '{"contentBlockIndex":1,"delta":{"citation":{"title":"t"}}}',
      },
      { name: 'messageStop', data: '{"stopReason":"end_turn"}' },
      { name: 'metadata', data: '{}' },
    ]);
    const { choices } = foldStream('bedrock-converse', events);
    expect(choices[0]?.parts).toMatchObject([
      { kind: 'thinking', sealed: { origin: 'bedrock-converse', value: btoa('ab') } },
      { kind: 'text', text: 'So', annotations: { list: [{ title: 't' }] } },
    ]);
  });

  it('never throws, whatever events come', () => {
    const name = fc.constantFrom(
      'messageStart',
      'contentBlockStart',
      'contentBlockDelta',
      'contentBlockStop',
      'messageStop',
      'metadata',
      'exception:x',
    );
    const data = fc.oneof(
      fc.json(),
      fc
        .record({
          contentBlockIndex: fc.nat(2),
          delta: fc.oneof(
            fc.record({ text: fc.jsonValue() }),
            fc.record({ toolUse: fc.jsonValue() }),
            fc.record({
              reasoningContent: fc.dictionary(
                fc.constantFrom('text', 'signature', 'redactedContent'),
                fc.jsonValue(),
              ),
            }),
          ),
          start: fc.record({ toolUse: fc.jsonValue() }),
          stopReason: fc.jsonValue(),
        })
        .map((value) => JSON.stringify(value)),
    );
    fc.assert(
      fc.property(fc.array(fc.record({ name, data }), { maxLength: 12 }), (events) => {
        const { events: heard } = told(events);
        expect(heard.filter(({ kind }) => kind === 'end' || kind === 'error').length).toBeLessThan(
          2,
        );
        const opened = heard.filter(({ kind }) => kind === 'open').length;
        expect(heard.filter(({ kind }) => kind === 'close').length).toBeLessThanOrEqual(opened);
      }),
    );
  });
});

describe('what is written', () => {
  const numbered = [1, 7, 1000].flatMap((length) =>
    [...SAMPLE_RESPONSES].map(([name, response]) => [name, length, response] as const),
  );

  it.each(numbered)('keeps the order of events: %s, in pieces of %i', (_name, length, response) => {
    const grammar = new ConverseGrammar();
    const events = streamed(response, length);
    for (const { name, data } of events) grammar.check(name, data);
    grammar.finish();
    // read again, the stream says what the whole answer says
    const { events: heard } = told(events);
    const { back } = whole(response);
    expect(foldStream('bedrock-converse', heard)).toEqual({ ...back, extensions: {} });
  });

  it('names what it loses of a whole answer', () => {
    const lost = (name: string): readonly string[] => {
      const drops = new Drops();
      const response = SAMPLE_RESPONSES.get(name);
      if (response === undefined) throw new Error(`there is no sample "${name}"`);
      converseCodec.encodeResponse(response, STAMP, drops);
      return drops.names;
    };
    expect(lost('two choices')).toEqual(['n']);
    expect(lost('logprobs')).toEqual(['logprobs']);
    expect(lost('citations')).toEqual(['citations']);
    expect(lost('text')).toEqual([]);
  });

  it('carries thoughts of any origin to a caller and back', () => {
    const response = SAMPLE_RESPONSES.get('thinking signed by gemini');
    if (response === undefined) throw new Error('the sample is gone');
    expect(whole(response).back.choices[0]?.parts.slice(0, 2)).toMatchObject([
      { kind: 'thinking', signature: { origin: 'gemini', value: 'c2lnbmVk' } },
      { kind: 'thinking', sealed: { origin: 'gemini', value: 'c2VhbGVk' } },
    ]);
  });

  it('is an exception by the status of an error', () => {
    const refusal = (status: number) => ({ message: 'No.', status });
    expect(renderError(refusal(429))).toBe('{"__type":"ThrottlingException","message":"No."}');
    expect(renderError(refusal(422))).toContain('ValidationException');
    expect(renderError(refusal(500))).toContain('InternalServerException');
    for (const status of [400, 403, 429, 500, 503]) {
      const { name, data } = renderStreamError(refusal(status));
      new ConverseGrammar().check(name, data);
      expect(told([{ name, data }]).events).toMatchObject([{ kind: 'error' }]);
    }
  });
});
