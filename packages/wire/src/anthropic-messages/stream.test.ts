import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AnswerStamp } from '../canonical/codec.ts';
import { textPart } from '../canonical/content.ts';
import { foldStream, unfoldResponse } from '../canonical/fold-stream.contract.ts';
import { bareRequest } from '../canonical/request.ts';
import { NO_USAGE, type CanonicalResponse } from '../canonical/response.ts';
import { toolCall } from '../canonical/sample-parts.contract.ts';
import { SAMPLE_RESPONSES, sampleChoice, sampleResponse } from '../canonical/samples.contract.ts';
import type { OpenedPart, StreamEvent } from '../canonical/stream-event.ts';
import { Drops } from '../canonical/drops.ts';
import { isJsonArray, isJsonObject, type JsonObject } from '../json/value.ts';
import { decodeResponse } from './decode-response.ts';
import { encodeResponse } from './encode-response.ts';
import { eventsIn, readMessageStream } from './event-grammar.contract.ts';
import { streamDecoder } from './stream-decoder.ts';
import { streamEncoder } from './stream-encoder.ts';

const STAMP: AnswerStamp = {
  id: 'req_1',
  model: 'alias',
  createdAt: 1,
  includeUsage: true,
  request: bareRequest('anthropic-messages', 'alias', []),
};
const fixture = (name: string): string =>
  readFileSync(new URL(`./fixtures/${name}.sse`, import.meta.url), 'utf8');

function decode(stream: string) {
  const decoder = streamDecoder('seed');
  const events: StreamEvent[] = [];
  const tell = (event: StreamEvent): void => void events.push(event);
  const ok = eventsIn(stream).map(({ name, data }) => decoder.push(name, data, tell));
  return { events, ok: ok.every(Boolean), whole: decoder.end(tell) };
}
function encode(events: readonly StreamEvent[]): string {
  const encoder = streamEncoder(STAMP);
  return events.map((event) => encoder.encode(event)).join('');
}
function decodedMessage(message: JsonObject): CanonicalResponse {
  const result = decodeResponse(message, 'seed');
  if (!result.ok) throw new Error(result.message);
  return { ...result.value, extensions: {} };
}
/** Arguments without the spaces that a model writes between. */
const withCompactInput = (response: CanonicalResponse): CanonicalResponse => ({
  ...response,
  choices: response.choices.map((choice) => ({
    ...choice,
    parts: choice.parts.map((part) =>
      part.kind === 'tool_call'
        ? { ...part, arguments: JSON.stringify(JSON.parse(part.arguments)) }
        : part,
    ),
  })),
});
/** A text without a word has no block in a stream that is written. */
const withoutEmpty = (response: CanonicalResponse): CanonicalResponse => ({
  ...response,
  choices: response.choices.map((choice) => ({
    ...choice,
    parts: choice.parts.filter((part) => part.kind !== 'text' || part.text !== ''),
  })),
});

it('names a stop that the dialect has no word for', () => {
  const encoder = streamEncoder(STAMP);
  encoder.encode({ kind: 'stop', choice: 0, reason: 'other', detail: 'MALFORMED_FUNCTION_CALL' });
  expect(encoder.encode({ kind: 'end' })).toContain('"stop_reason":"end_turn"');
  expect(encoder.dropped).toEqual(['stop_reason']);
});

describe('a streamed message', () => {
  it.each(['stream-tools', 'stream-thinking', 'stream-web-search'])(
    'tells what the whole message tells: %s',
    (name) => {
      const { events, ok, whole } = decode(fixture(name));
      expect([ok, whole]).toEqual([true, true]);
      expect(withCompactInput(foldStream('anthropic-messages', events))).toEqual(
        decodedMessage(readMessageStream(fixture(name))),
      );
    },
  );

  it('counts its tokens once, whatever the events repeat', () => {
    const usage = decode(fixture('stream-tools')).events.findLast(({ kind }) => kind === 'usage');
    expect(usage).toEqual({
      kind: 'usage',
      usage: {
        ...NO_USAGE,
        inputTokens: 622,
        outputTokens: 89,
        cachedTokens: 50,
        cacheWriteTokens: 100,
        cacheWriteHourTokens: 100,
      },
    });
  });

  it('tells an error in the provider’s own words', () => {
    const { events, whole } = decode(fixture('stream-overloaded'));
    const last = events.at(-1);
    expect(last?.kind === 'error' && JSON.parse(last.data)).toMatchObject({
      error: { type: 'overloaded_error' },
    });
    expect(whole).toBe(false);
  });

  it('is broken wherever it is cut before its stop reason', () => {
    const text = fixture('stream-tools');
    const all = text.split('\n\n').slice(0, -1);
    for (let count = 0; count < all.length; count++) {
      const cut = all
        .slice(0, count)
        .map((event) => `${event}\n\n`)
        .join('');
      expect(decode(cut).whole, `${count} events`).toBe(count >= all.length - 1);
    }
  });

  it('knows a delta without a block, and no JSON, for broken', () => {
    const decoder = streamDecoder('');
    const told: StreamEvent[] = [];
    const push = (data: string): boolean =>
      decoder.push('', data, (event) => void told.push(event));
    expect(push('{"type":"content_block_start","index":0,"content_block":{"type":"text"}}')).toBe(
      false,
    );
    expect(push('{"type":"message_start","message":{}}')).toBe(true);
    expect(
      push('{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"x"}}'),
    ).toBe(false);
    expect(push('{"type":"content_block_stop","index":0}')).toBe(false);
    expect(push('{"type":"message_start","message":{}}')).toBe(false);
    expect(push('[DONE]')).toBe(false);
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    expect(push(`{"type":"content_block_start","index":1,"content_block":${deep}}`)).toBe(false);
    expect(push('7')).toBe(false);
    expect(told).toEqual([{ kind: 'start', id: null, model: null, createdAt: null }]);
  });

  it('takes events and deltas of tomorrow for signs of life', () => {
    const decoder = streamDecoder('');
    const told: string[] = [];
    for (const data of [
      '{"type":"message_start","message":{"usage":null}}',
      '{"type":"weather"}',
      '{"type":"content_block_start","index":4,"content_block":{"type":"text","text":"a"}}',
      '{"type":"content_block_delta","index":4,"delta":{"type":"smell_delta","smell":"rose"}}',
      '{"type":"message_delta","delta":{"stop_reason":"end_turn"}}',
    ]) {
      expect(decoder.push('', data, ({ kind }) => void told.push(kind))).toBe(true);
    }
    expect(told).toEqual(['start', 'alive', 'open', 'text', 'alive', 'close', 'stop']);
  });

  it('tells a call’s input that came at once, with the start of its block', () => {
    const block = { type: 'tool_use', id: 't', name: 'n', input: { a: 1 } };
    const decoder = streamDecoder('');
    const told: StreamEvent[] = [];
    for (const event of [
      { type: 'message_start', message: {} },
      { type: 'content_block_start', index: 0, content_block: block },
      { type: 'content_block_stop', index: 0 },
    ]) {
      decoder.push('', JSON.stringify(event), (of) => void told.push(of));
    }
    expect(told.slice(2)).toEqual([
      { kind: 'text', choice: 0, part: 0, text: '{"a":1}' },
      { kind: 'close', choice: 0, part: 0 },
    ]);
  });
});

describe('an answer streamed to a caller', () => {
  it.each([...SAMPLE_RESPONSES.keys()])('keeps the grammar and tells the whole: %s', (name) => {
    const response = SAMPLE_RESPONSES.get(name) ?? sampleResponse([]);
    for (const pieceLength of [1, 7, 1000]) {
      const message = readMessageStream(encode(unfoldResponse(response, pieceLength)));
      expect(message).toEqual(encodeResponse(response, STAMP, new Drops()));
    }
  });

  it.each(['stream-tools', 'stream-thinking', 'stream-web-search'])(
    'is what came from a provider of the same dialect: %s',
    (name) => {
      const { events } = decode(fixture(name));
      const again = decode(encode(events));
      expect(withoutEmpty(foldStream('anthropic-messages', again.events))).toEqual(
        withoutEmpty(foldStream('anthropic-messages', events)),
      );
    },
  );

  it('keeps every word, in order, however its parts are mingled', () => {
    const kinds: readonly OpenedPart[] = [
      { kind: 'text' },
      { kind: 'thinking', id: null, sealed: null },
      { kind: 'tool_call', id: 'x', name: 'n', custom: false },
    ];
    const plan = fc.tuple(
      fc.array(fc.nat(2), { minLength: 1, maxLength: 5 }),
      fc.array(fc.tuple(fc.nat(4), fc.constantFrom('open', 'text', 'close')), { maxLength: 40 }),
    );
    fc.assert(
      fc.property(plan, ([wanted, steps]) => {
        const { events, said } = mingled(
          wanted.map((of) => kinds[of] ?? { kind: 'text' }),
          steps,
        );
        expect(wordsIn(readMessageStream(encode(events)))).toEqual(said);
      }),
    );
  });

  it('passes a call on as it comes, and what comes beside it when it is done', () => {
    const encoder = streamEncoder(STAMP);
    const names = (event: StreamEvent) => eventsIn(encoder.encode(event)).map(({ name }) => name);
    const call = (id: string): OpenedPart => ({ kind: 'tool_call', id, name: 'n', custom: false });
    const at = (part: number) => ({ choice: 0, part });
    expect(names({ kind: 'open', ...at(0), of: { kind: 'text' } })).toEqual(['message_start']);
    expect(names({ kind: 'text', ...at(0), text: 'a' })).toEqual([
      'content_block_start',
      'content_block_delta',
    ]);
    expect(names({ kind: 'open', ...at(1), of: call('a') })).toEqual([
      'content_block_stop',
      'content_block_start',
    ]);
    expect(names({ kind: 'text', ...at(1), text: '{' })).toEqual(['content_block_delta']);
    expect(names({ kind: 'open', ...at(2), of: call('b') })).toEqual([]);
    expect(names({ kind: 'text', ...at(2), text: '{}' })).toEqual([]);
    expect(names({ kind: 'text', ...at(0), text: 'b' })).toEqual([]);
    expect(names({ kind: 'text', ...at(1), text: '}' })).toEqual(['content_block_delta']);
    expect(names({ kind: 'close', ...at(1) })).toEqual([
      'content_block_stop',
      'content_block_start',
      'content_block_delta',
    ]);
    expect(names({ kind: 'close', ...at(2) })).toEqual([
      'content_block_stop',
      'content_block_start',
      'content_block_delta',
    ]);
    expect(names({ kind: 'stop', choice: 0, reason: 'tool_calls', detail: null })).toEqual([
      'content_block_stop',
    ]);
    expect(names({ kind: 'end' })).toEqual(['message_delta', 'message_stop']);
    expect(names({ kind: 'alive' })).toEqual([]);
  });

  it('escapes halves of an emoji in deltas of their own', () => {
    const response = sampleResponse([sampleChoice([textPart('👋')])]);
    const stream = encode(unfoldResponse(response, 1));
    expect(stream).toContain('"text":"\\ud83d"');
    expect(stream).toContain('"text":"\\udc4b"');
  });

  it('takes a megabyte of arguments in one delta, and 200 calls side by side', () => {
    const big = JSON.stringify({ text: 'x'.repeat(1 << 20) });
    const calls = Array.from({ length: 200 }, (_, n) =>
      toolCall(`c${n}`, 'n', n === 0 ? big : `{"n":${n}}`),
    );
    const opened = calls.map(({ id, name }, part): StreamEvent => ({
      kind: 'open',
      choice: 0,
      part,
      of: { kind: 'tool_call', id, name, custom: false },
    }));
    const texts = calls.map((call, part): StreamEvent => ({
      kind: 'text',
      choice: 0,
      part,
      text: call.arguments,
    }));
    const { content } = readMessageStream(
      encode([
        ...opened,
        ...texts,
        { kind: 'stop', choice: 0, reason: 'tool_calls', detail: null },
        { kind: 'end' },
      ]),
    );
    expect(
      isJsonArray(content) &&
        content.map((block) => isJsonObject(block) && JSON.stringify(block['input'])),
    ).toEqual(calls.map((call) => call.arguments));
  });

  it('ends in an error event where the provider’s stream does', () => {
    const encoder = streamEncoder(STAMP);
    const text = encoder.encode({ kind: 'error', data: '{"secret":1}' });
    const [event] = eventsIn(text);
    expect(event?.name).toBe('error');
    expect(JSON.parse(event?.data ?? '')).toMatchObject({
      type: 'error',
      error: { type: 'api_error' },
    });
    expect(text).not.toContain('secret');
    expect(encoder.encode({ kind: 'end' })).toBe('');
  });
});

interface Mingling {
  readonly of: OpenedPart;
  number: number;
  closed: boolean;
  words: string;
}

/** Events in a valid order, and the words of each part; a call is an array that grows. */
function mingled(
  parts: readonly OpenedPart[],
  steps: readonly (readonly [number, 'open' | 'text' | 'close'])[],
) {
  const events: StreamEvent[] = [{ kind: 'start', id: null, model: null, createdAt: null }];
  const all = parts.map((of, index): Mingling => ({
    of: named(of, index),
    number: -1,
    closed: false,
    words: '',
  }));
  const opened: Mingling[] = [];
  for (const [index, [wanted, what]] of steps.entries()) {
    const part = all[wanted % all.length];
    if (part === undefined || part.closed) continue;
    const isOpen = part.number !== -1;
    if (what === 'open' && !isOpen) {
      part.number = opened.length;
      opened.push(part);
      events.push({ kind: 'open', choice: 0, part: part.number, of: part.of });
    } else if (what === 'text' && isOpen) say(part, wordOf(part, index), events);
    else if (what === 'close' && isOpen) {
      part.closed = true;
      finish(part, events);
      events.push({ kind: 'close', choice: 0, part: part.number });
    }
  }
  for (const part of opened) if (!part.closed) finish(part, events);
  events.push({ kind: 'stop', choice: 0, reason: 'stop', detail: null }, { kind: 'end' });
  return { events, said: wordsOf(opened) };
}

const named = (of: OpenedPart, index: number): OpenedPart =>
  of.kind === 'tool_call' ? { ...of, id: `call${index}` } : of;

function wordOf({ of, words }: Mingling, index: number): string {
  if (of.kind !== 'tool_call') return `${index},`;
  return words === '' ? '[' : ' ';
}

function say(part: Mingling, text: string, events: StreamEvent[]): void {
  part.words += text;
  events.push({ kind: 'text', choice: 0, part: part.number, text });
}

function finish(part: Mingling, events: StreamEvent[]): void {
  if (part.of.kind === 'tool_call') say(part, part.words === '' ? '[]' : ']', events);
}

function wordsOf(parts: readonly Mingling[]): Readonly<Record<string, string>> {
  const said: Record<string, string> = { text: '', thinking: '' };
  for (const { of, words } of parts) {
    if (of.kind === 'tool_call') said[of.id] = '[]';
    else said[of.kind] = [said[of.kind] ?? '', words].join('');
  }
  return sorted(said);
}

/** Words are numbered as they come, so those of a kind can be sorted into one row. */
function sorted(said: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const inOrder = (words: string): string =>
    words
      .split(',')
      .filter((word) => word !== '')
      .toSorted((a, b) => Number(a) - Number(b))
      .join();
  return Object.fromEntries(
    Object.entries(said).map(([name, words]) => [
      name,
      name.startsWith('call') ? words : inOrder(words),
    ]),
  );
}

function wordsIn({ content }: JsonObject): Readonly<Record<string, string>> {
  const said: Record<string, string> = { text: '', thinking: '' };
  if (!isJsonArray(content)) return said;
  for (const block of content) {
    if (!isJsonObject(block)) continue;
    const { type, id, input } = block;
    if (type === 'tool_use' && typeof id === 'string') said[id] = JSON.stringify(input);
    for (const kind of ['text', 'thinking']) {
      const words = type === kind ? block[kind] : '';
      said[kind] = [said[kind] ?? '', typeof words === 'string' ? words : ''].join('');
    }
  }
  return sorted(said);
}
