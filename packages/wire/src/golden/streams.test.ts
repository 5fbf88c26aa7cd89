import { describe, expect, it } from 'vitest';
import { textPart } from '../canonical/content.ts';
import type { Dialect } from '../canonical/dialect.ts';
import type { CanonicalResponse } from '../canonical/response.ts';
import { DIALECTS } from '../canonical/dialect.ts';
import { FULL_USAGE, sampleChoice, sampleResponse } from '../canonical/samples.contract.ts';
import { thinking, toolCall } from '../canonical/sample-parts.contract.ts';
import { PAIRS } from './codecs.contract.ts';
import { recordedStreams } from './fixtures.contract.ts';
import { saidBy } from './said.contract.ts';
import {
  bytewise,
  CHECKS,
  droppedOf,
  foldedStream,
  foldedText,
  recordedBytes,
  streamBytes,
  translateStream,
  wireEvents,
} from './stream-pair.contract.ts';
import {
  readResponse,
  responsesOf,
  translateResponse,
  writeResponse,
} from './translate-pair.contract.ts';

/** Everything that every provider can say: a signed thought, emoji, two calls, all counts. */
function richAnswer(origin: Dialect): CanonicalResponse {
  const parts = [
    thinking('Wolken? 🌧️', { origin, value: 'c2lnbmVk' }),
    textPart('Grey 👩‍👩‍👧‍👦 "later".\n'),
    toolCall('call_a', 'get_weather', '{"city":"Köln 🌍"}'),
    toolCall('call_b', 'get_time', '{}'),
  ];
  const choices = [sampleChoice(parts, { stop: 'tool_calls' })];
  return sampleResponse(choices, { origin, usage: FULL_USAGE });
}

/** A reason of another vendor: only the encoder of whole answers knows whose it is. */
const NOT_STREAMED: Partial<Record<Dialect, string>> = { 'openai-chat': 'stopped by other' };

/** A provider's samples, with ids of its own. */
const answersOf = (provider: Dialect): readonly (readonly [string, CanonicalResponse])[] =>
  [...responsesOf(provider)]
    .filter(([name]) => name !== NOT_STREAMED[provider])
    .map(([name, body]) => [name, withOwnId(provider, readResponse(provider, body))]);

const withOwnId = (provider: Dialect, response: CanonicalResponse): CanonicalResponse =>
  provider === 'openai-responses' ? { ...response, id: 'resp_1' } : response;

describe.each(DIALECTS)('a stream of %s', (provider) => {
  it('holds the same events wherever the network cuts it', () => {
    const bytes = streamBytes(provider, richAnswer(provider));
    const whole = wireEvents(provider, [bytes]);
    expect(whole.length).toBeGreaterThan(5);
    for (let at = 0; at <= bytes.length; at++) {
      const cut = [bytes.subarray(0, at), bytes.subarray(at)];
      expect(wireEvents(provider, cut), `cut before byte ${at}`).toEqual(whole);
    }
  });
});

describe.each(PAIRS)('a stream of $provider for a caller of $caller', (pair) => {
  const { caller, provider } = pair;

  it('is the same wherever the network cuts it', () => {
    const bytes = streamBytes(provider, richAnswer(provider));
    const whole = translateStream(pair, [bytes]);
    CHECKS[caller](whole);
    expect(translateStream(pair, bytewise(bytes))).toBe(whole);
    for (let at = 1; at < bytes.length; at += 7) {
      const cut = [bytes.subarray(0, at), bytes.subarray(at)];
      expect(translateStream(pair, cut) === whole, `cut before byte ${at}`).toBe(true);
    }
  });

  it.each(answersOf(provider))('folded is the whole answer: %s', (_name, response) => {
    const bytes = streamBytes(provider, response);
    const stream = translateStream(pair, bytewise(bytes));
    CHECKS[caller](stream);
    const { body } = writeResponse(provider, response);
    const whole = readResponse(caller, translateResponse(pair, body).body);
    expect(saidBy(foldedText(caller, stream))).toEqual(saidBy(whole));
  });

  it.each(answersOf(provider))('loses what the whole answer loses: %s', (_name, response) => {
    const bytes = streamBytes(provider, response);
    const whole = writeResponse(caller, { ...response, extensions: {} });
    expect(new Set(droppedOf(pair, [bytes]))).toEqual(new Set(whole.dropped));
  });

  it.each([...recordedStreams(provider)])('names what is lost of %s', (_name, recording) => {
    const bytes = recordedBytes(provider, recording);
    const whole = writeResponse(caller, foldedStream(provider, bytes));
    expect(new Set(droppedOf(pair, [bytes]))).toEqual(new Set(whole.dropped));
  });

  it.each([...recordedStreams(provider)])('says what was %s', (_name, recording) => {
    const bytes = recordedBytes(provider, recording);
    const stream = translateStream(pair, bytewise(bytes));
    CHECKS[caller](stream);
    expect(stream).toBe(translateStream(pair, [bytes]));
    const whole = writeResponse(caller, foldedStream(provider, bytes)).body;
    const heard = foldedText(caller, stream);
    expect(saidBy(heard)).toEqual(saidBy(readResponse(caller, whole)));
  });

  it('counts usage once', () => {
    const response = richAnswer(provider);
    const heard = foldedText(caller, translateStream(pair, [streamBytes(provider, response)]));
    expect(heard.usage).toMatchObject({ inputTokens: 1200, outputTokens: 340, cachedTokens: 800 });
  });
});

const sse = (...events: readonly object[]): string =>
  events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('');

/** Streams with members that only their dialect knows, and what those are called. */
const WITH_OTHERS: Readonly<Record<Dialect, readonly [stream: string, names: readonly string[]]>> =
  {
    'openai-chat': [
      sse(
        {
          id: 'c',
          citations: ['https://a.test'],
          choices: [{ delta: { content: 'Hi', padding: 1 } }],
        },
        {
          id: 'c',
          choices: [
            { delta: { padding: 2 }, content_filter_results: { hate: { filtered: true } } },
          ],
        },
        { id: 'c', choices: [{ delta: {}, finish_reason: 'stop' }], obfuscation: 'x' },
      ),
      ['citations', 'message.padding', 'choice.content_filter_results'],
    ],
    'openai-responses': [
      sse({
        type: 'response.completed',
        response: { id: 'resp_1', status: 'completed', output: [], service_tier: 'flex' },
      }),
      ['service_tier'],
    ],
    'anthropic-messages': [
      sse(
        { type: 'message_start', message: { id: 'msg_1', usage: { service_tier: 'priority' } } },
        { type: 'message_delta', delta: { stop_reason: 'end_turn', container: { id: 'c' } } },
        { type: 'message_stop' },
      ),
      ['container', 'usage'],
    ],
    gemini: [
      sse(
        {
          candidates: [
            { content: { parts: [{ text: 'Hi' }] }, safetyRatings: [{ blocked: true }] },
          ],
        },
        {
          candidates: [{ finishReason: 'STOP', safetyRatings: [] }],
          modelStatus: { modelStage: 'LEGACY' },
          usageMetadata: { trafficType: 'PROVISIONED_THROUGHPUT' },
        },
      ),
      ['candidates', 'modelStatus', 'usageMetadata'],
    ],
    'bedrock-converse': [
      [
        '{"name":"messageStart","data":{"role":"assistant"}}',
        '{"name":"contentBlockStart","data":{"contentBlockIndex":0,"start":{"toolUse":{"toolUseId":"t","name":"search","type":"server_tool_use"}}}}',
        '{"name":"contentBlockStop","data":{"contentBlockIndex":0}}',
        '{"name":"messageStop","data":{"stopReason":"end_turn","additionalModelResponseFields":{"k":1}}}',
        '{"name":"metadata","data":{"usage":{},"trace":{"guardrail":{"actionReason":"none"}}}}',
      ].join('\n'),
      ['toolUse', 'additionalModelResponseFields', 'trace'],
    ],
  };

it.each(PAIRS)(
  'what only $provider says beside an answer is named to a caller of $caller',
  (pair) => {
    const [stream, names] = WITH_OTHERS[pair.provider];
    const bytes = recordedBytes(pair.provider, stream);
    expect(droppedOf(pair, [bytes])).toEqual(names);
  },
);
