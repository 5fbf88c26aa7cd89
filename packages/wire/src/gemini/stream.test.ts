import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { AnswerStamp, StreamEncoder } from '../canonical/codec.ts';
import { textPart } from '../canonical/content.ts';
import { Drops } from '../canonical/drops.ts';
import { foldStream, unfoldResponse } from '../canonical/fold-stream.contract.ts';
import type { CanonicalResponse } from '../canonical/response.ts';
import { toolCall, turn } from '../canonical/sample-parts.contract.ts';
import { SAMPLE_RESPONSES, sampleRequest } from '../canonical/samples.contract.ts';
import type { StreamEvent } from '../canonical/stream-event.ts';
import type { JsonObject, JsonValue } from '../json/value.ts';
import { geminiCodec } from './codec.ts';
import { geminiEvents, objectsOf, partsInStream } from './event-grammar.contract.ts';
import { jsonArrayFraming } from './json-array-framing.ts';
import { renderStreamError } from './render-error.ts';

const STAMP: AnswerStamp = {
  id: 'kw-1',
  model: 'smart',
  createdAt: 1_760_000_000,
  includeUsage: true,
  request: sampleRequest([turn('user', textPart('Hi'))]),
};

const read = (name: string): string =>
  readFileSync(new URL(`fixtures/${name}`, import.meta.url), 'utf8');

function decodeStream(text: string): { events: StreamEvent[]; whole: boolean; ok: boolean } {
  const decoder = geminiCodec.streamDecoder('seed');
  const events: StreamEvent[] = [];
  const tell = (event: StreamEvent): void => void events.push(event);
  let ok = true;
  for (const frame of text.split('\n\n').filter((each) => each !== '')) {
    ok = decoder.push('', frame.slice('data: '.length), tell) && ok;
  }
  return { events, whole: decoder.end(tell), ok };
}

function decodeWhole(name: string): CanonicalResponse {
  const result = geminiCodec.decodeResponse(JSON.parse(read(name)), 'seed');
  if (!result.ok) throw new Error(result.message);
  return { ...result.value, extensions: {} };
}

function encodeAll(
  events: readonly StreamEvent[],
  encoder: StreamEncoder = geminiCodec.streamEncoder(STAMP),
): string {
  return events.map((event) => encoder.encode(event)).join('');
}

const chunk = (members: JsonObject): string => `data: ${JSON.stringify(members)}\n\n`;
const said = (parts: readonly JsonValue[], more: JsonObject = {}): string =>
  chunk({ candidates: [{ content: { parts, role: 'model' }, index: 0, ...more }] });

describe('a stream of Gemini', () => {
  it.each([['stream-tools.sse', 'response-tools.json']])(
    '%s tells what %s says',
    (stream, response) => {
      const { events, whole, ok } = decodeStream(read(stream));
      expect([whole, ok]).toEqual([true, true]);
      expect(foldStream('gemini', events)).toEqual(decodeWhole(response));
    },
  );

  it('ends in a signature alone, which is a thought of its own', () => {
    const folded = foldStream('gemini', decodeStream(read('stream.sse')).events);
    const whole = decodeWhole('response.json');
    expect(folded.usage).toEqual(whole.usage);
    expect(folded.choices[0]?.parts).toEqual([
      {
        kind: 'thinking',
        text: 'They want the sky. Grey.',
        signature: null,
        sealed: null,
        id: null,
      },
      textPart('Grey, with 🌧️ later.'),
      {
        kind: 'thinking',
        text: '',
        signature: { origin: 'gemini', value: 'c2lnbmVk' },
        sealed: null,
        id: null,
      },
    ]);
  });

  it('tells halves of an emoji as they come', () => {
    const texts = decodeStream(read('stream.sse')).events.flatMap((event) =>
      event.kind === 'text' ? [event.text] : [],
    );
    expect(texts).toContain('Grey, with \ud83c');
  });

  it('cut anywhere in the middle is told apart from its end', () => {
    const frames = read('stream.sse').split('\n\n').slice(0, -1);
    for (let count = 0; count < frames.length; count++) {
      expect(decodeStream(frames.slice(0, count).join('\n\n')).whole).toBe(false);
    }
    expect(decodeStream(frames.join('\n\n')).whole).toBe(true);
  });

  it('cut in the middle still tells the tokens that were counted', () => {
    const first = read('stream.sse').split('\n\n')[0] ?? '';
    expect(decodeStream(first).events.at(-1)).toMatchObject({
      kind: 'usage',
      usage: { inputTokens: 12 },
    });
  });

  it('that says STOP with every event ends once', () => {
    const stop = { finishReason: 'STOP' };
    const { events } = decodeStream(said([{ text: 'a' }], stop) + said([{ text: 'b' }], stop));
    expect(foldStream('gemini', events).choices).toMatchObject([
      { parts: [textPart('ab')], stop: 'stop' },
    ]);
  });

  it('of a blocked prompt is a filtered answer', () => {
    const { events, whole } = decodeStream(chunk(JSON.parse(read('response-blocked.json'))));
    expect(whole).toBe(true);
    expect(foldStream('gemini', events)).toEqual(decodeWhole('response-blocked.json'));
  });

  it('with sources and logprobs tells what the whole answer says', () => {
    const { events } = decodeStream(chunk(JSON.parse(read('response-grounded.json'))));
    expect(foldStream('gemini', events)).toEqual(decodeWhole('response-grounded.json'));
  });

  it.each([
    ['an error', read('error.json').replaceAll('\n', '')],
    ['an error in an array', `[${read('error.json').replaceAll('\n', '')}]`],
  ])('tells %s in its own words, and is then broken', (_, data) => {
    const { events, whole, ok } = decodeStream(`${said([{ text: 'a' }])}data: ${data}\n\n`);
    expect(ok).toBe(true);
    expect(whole).toBe(false);
    expect(events.at(-1)).toEqual({ kind: 'error', data });
  });

  it.each(['', '{', 'null', '7', '"x"', '[]', '[1,2]'])('is broken by %j', (data) => {
    expect(decodeStream(`data: ${data}\n\n`).ok).toBe(false);
  });

  it.each<[string, JsonObject]>([
    ['nothing', {}],
    ['something new', { weather: 'grey' }],
    ['broken candidates', { candidates: [7, 'x', null] }],
    ['a broken index', { candidates: [{ index: 1e9, content: { parts: [{ text: 'a' }] } }] }],
    ['broken parts', { candidates: [{ content: { parts: [7, { text: 7 }, {}] } }] }],
  ])('lives on through %s', (_, body) => {
    expect(decodeStream(chunk(body)).ok).toBe(true);
  });
});

describe('a stream for a caller of Gemini', () => {
  it.each([...SAMPLE_RESPONSES])(
    'keeps the grammar, and says what the whole answer says: %s',
    (_, response) => {
      for (const length of [1, 3, 1000]) {
        const text = encodeAll(unfoldResponse(response, length));
        const events = geminiEvents(text);
        const whole = geminiCodec.encodeResponse(response, STAMP, new Drops());
        const candidates = objectsOf(whole['candidates']);
        for (const [index, candidate] of candidates.entries()) {
          const [content] = objectsOf([candidate['content'] ?? {}]);
          expect(merged(partsInStream(text, index))).toEqual(merged(objectsOf(content?.['parts'])));
        }
        expect(events.at(-1)?.['usageMetadata']).toEqual(whole['usageMetadata']);
        const reasons = objectsOf(events.at(-1)?.['candidates']);
        expect(reasons.map((each) => each['finishReason'])).toEqual(
          candidates.map((each) => each['finishReason']),
        );
      }
    },
  );

  it('is read again as it was told', () => {
    for (const response of SAMPLE_RESPONSES.values()) {
      if (response.origin !== 'gemini') continue;
      const { events, whole } = decodeStream(encodeAll(unfoldResponse(response, 2)));
      expect(whole).toBe(true);
      const kinds = foldStream('gemini', events).choices[0]?.parts.map(({ kind }) => kind);
      expect(kinds).toEqual(['thinking', 'thinking', 'text', 'tool_call']);
    }
  });

  it('has interleaved parts: texts at once, calls when they are whole', () => {
    const of = (id: string) => ({ kind: 'tool_call', id, name: 'f', custom: false }) as const;
    const at = (part: number) => ({ choice: 0, part });
    const text = encodeAll([
      { kind: 'start', id: 'r', model: 'm', createdAt: null },
      { kind: 'open', ...at(0), of: of('a') },
      { kind: 'open', ...at(1), of: of('b') },
      { kind: 'open', ...at(2), of: { kind: 'text' } },
      { kind: 'text', ...at(0), text: '{"x"' },
      { kind: 'text', ...at(2), text: 'Hel' },
      { kind: 'text', ...at(1), text: '{}' },
      { kind: 'text', ...at(0), text: ':1}' },
      { kind: 'close', ...at(1) },
      { kind: 'text', ...at(2), text: 'lo\ud83d' },
      { kind: 'text', ...at(2), text: '\ude00' },
      { kind: 'close', ...at(0) },
      { kind: 'close', ...at(2) },
      { kind: 'stop', choice: 0, reason: 'tool_calls', detail: null },
      { kind: 'end' },
    ]);
    expect(text).toContain('"lo\\ud83d"');
    expect(partsInStream(text)).toEqual([
      { text: 'Hel' },
      { functionCall: { id: 'b', name: 'f', args: {} } },
      { text: 'lo\ud83d' },
      { text: '\ude00' },
      { functionCall: { id: 'a', name: 'f', args: { x: 1 } } },
      { text: '' },
    ]);
  });

  it('has a megabyte of arguments and 200 calls as one part each', () => {
    const call = toolCall('a', 'f', JSON.stringify({ text: 'x'.repeat(1 << 20) }));
    const parts = Array.from({ length: 200 }, (_, n) =>
      n === 0 ? call : toolCall(`c${n}`, 'f', '{}'),
    );
    const [response] = SAMPLE_RESPONSES.values();
    if (response === undefined) throw new Error('no sample');
    const choices = [{ parts, stop: 'tool_calls', stopDetail: null, logprobs: null }] as const;
    const text = encodeAll(unfoldResponse({ ...response, choices }, 1 << 20));
    expect(partsInStream(text).length).toBe(201);
  });

  it('is an array that grows where no events were asked for', () => {
    const [response] = SAMPLE_RESPONSES.values();
    if (response === undefined) throw new Error('no sample');
    const events = unfoldResponse(response, 4);
    const array = encodeAll(events, jsonArrayFraming(geminiCodec.streamEncoder(STAMP)));
    expect(JSON.parse(array)).toEqual(geminiEvents(encodeAll(events)));
    const broken = jsonArrayFraming(geminiCodec.streamEncoder(STAMP));
    const begun = encodeAll(events.slice(0, 4), broken);
    const error = renderStreamError({ code: 'upstream_error', message: 'm', param: null });
    expect(JSON.parse(begun + broken.fail(error)).at(-1)).toMatchObject({ error: { code: 502 } });
    const atOnce = jsonArrayFraming(geminiCodec.streamEncoder(STAMP));
    expect(JSON.parse(atOnce.fail(error))).toMatchObject([{ error: { code: 502 } }]);
  });
});

/** Texts in a row as one, empty ones left out; a foreign proof behind its thought joins it. */
function merged(parts: readonly JsonObject[]): readonly JsonObject[] {
  const list: JsonObject[] = [];
  for (const part of parts) {
    const { text } = part;
    const last = list.at(-1);
    const before = last?.['text'];
    if (typeof text !== 'string') {
      list.push(part);
    } else if (typeof before === 'string' && last !== undefined && isNext(last, part)) {
      list[list.length - 1] = { ...last, ...part, text: before + text };
    } else if (text !== '' || part['thoughtSignature'] !== undefined) {
      list.push(part);
    }
  }
  return list;
}

function isNext(last: JsonObject, part: JsonObject): boolean {
  if (last['thought'] !== part['thought'] || last['thoughtSignature'] !== undefined) return false;
  if (part['text'] !== '') return part['thoughtSignature'] === undefined;
  return !isSealed(part);
}

function isSealed(part: JsonObject): boolean {
  const proof = part['thoughtSignature'];
  if (typeof proof !== 'string' || !proof.startsWith('Keywell/')) return false;
  return atob(proof.slice('Keywell/anth'.length)).startsWith('[1');
}
