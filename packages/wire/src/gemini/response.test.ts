import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { AnswerStamp } from '../canonical/codec.ts';
import { textPart, type Part } from '../canonical/content.ts';
import { DIALECTS } from '../canonical/dialect.ts';
import { Drops } from '../canonical/drops.ts';
import type { CanonicalResponse } from '../canonical/response.ts';
import { sealedThinking, thinking, toolCall, turn } from '../canonical/sample-parts.contract.ts';
import {
  FULL_USAGE,
  SAMPLE_RESPONSES,
  sampleChoice,
  sampleRequest,
  sampleResponse,
} from '../canonical/samples.contract.ts';
import type { JsonObject } from '../json/value.ts';
import { geminiCodec } from './codec.ts';
import { objectsOf } from './event-grammar.contract.ts';

const STAMP: AnswerStamp = {
  id: 'kw-1',
  model: 'smart',
  createdAt: 1_760_000_000,
  includeUsage: true,
  request: sampleRequest([turn('user', textPart('Hi'))]),
};

function fixture(name: string): JsonObject {
  return JSON.parse(readFileSync(new URL(`fixtures/${name}`, import.meta.url), 'utf8'));
}

function decoded(body: JsonObject): CanonicalResponse {
  const result = geminiCodec.decodeResponse(body, 'seed');
  if (!result.ok) throw new Error(result.message);
  return result.value;
}

function encoded(response: CanonicalResponse): { body: JsonObject; drops: readonly string[] } {
  const drops = new Drops();
  const body = geminiCodec.encodeResponse(response, STAMP, drops);
  return { body: JSON.parse(JSON.stringify(body)), drops: drops.names };
}

describe('an answer of Gemini', () => {
  it('is read with its thoughts, signature and usage, each token once', () => {
    expect(decoded(fixture('response.json'))).toEqual({
      origin: 'gemini',
      id: 'r-1',
      model: 'gemini-3-flash-preview',
      createdAt: null,
      choices: [
        {
          parts: [
            thinking('They want the sky. Grey.', null),
            {
              ...textPart('Grey, with 🌧️ later.'),
              signature: { origin: 'gemini', value: 'c2lnbmVk' },
            },
          ],
          stop: 'stop',
          stopDetail: null,
          logprobs: null,
        },
      ],
      usage: {
        inputTokens: 12,
        outputTokens: 28,
        cachedTokens: 4,
        cacheWriteTokens: 0,
        reasoningTokens: 20,
        audioInputTokens: 2,
        audioOutputTokens: 0,
      },
      extensions: {},
    });
  });

  it('stops for its calls, whose missing ids are made up from the seed', () => {
    const [choice] = decoded(fixture('response-tools.json')).choices;
    expect(choice?.stop).toBe('tool_calls');
    const calls = choice?.parts.filter((part) => part.kind === 'tool_call');
    expect(calls?.map(({ id }) => id)).toEqual(['call_kw_seed_0_0', 'call_kw_seed_0_1', 'fc-3']);
    expect(calls?.[0]?.signature).toEqual({ origin: 'gemini', value: 'Y2FsbA==' });
    expect(calls?.[1]?.signature).toBeNull();
  });

  it('that was refused at the prompt is a filtered choice without parts, and told as it was', () => {
    const body = fixture('response-blocked.json');
    const response = decoded(body);
    expect(response.choices).toEqual([
      sampleChoice([], { stop: 'content_filter', stopDetail: 'PROHIBITED_CONTENT' }),
    ]);
    expect(encoded(response).body).toMatchObject({ promptFeedback: body['promptFeedback'] });
    expect(encoded(response).body['candidates']).toBeUndefined();
  });

  it('keeps its sources, ratings and logprobs', () => {
    const body = fixture('response-grounded.json');
    const response = decoded(body);
    expect(response.choices[0]?.parts[0]).toMatchObject({
      annotations: {
        origin: 'gemini',
        list: [{ groundingMetadata: {} }, { citationMetadata: {} }],
      },
    });
    expect(response.usage?.inputTokens).toBe(39);
    const { body: again, drops } = encoded(response);
    expect(again['candidates']).toEqual(body['candidates']);
    expect(again['usageMetadata']).toMatchObject({ trafficType: 'ON_DEMAND', totalTokenCount: 41 });
    expect(drops).toEqual([]);
  });

  it.each([
    ['STOP', 'stop', null],
    ['MAX_TOKENS', 'length', null],
    ['SAFETY', 'content_filter', 'SAFETY'],
    ['RECITATION', 'content_filter', 'RECITATION'],
    ['BLOCKLIST', 'content_filter', 'BLOCKLIST'],
    ['PROHIBITED_CONTENT', 'content_filter', 'PROHIBITED_CONTENT'],
    ['SPII', 'content_filter', 'SPII'],
    ['IMAGE_SAFETY', 'content_filter', 'IMAGE_SAFETY'],
    ['MODEL_ARMOR', 'content_filter', 'MODEL_ARMOR'],
    ['LANGUAGE', 'other', 'LANGUAGE'],
    ['OTHER', 'other', 'OTHER'],
    ['MALFORMED_FUNCTION_CALL', 'other', 'MALFORMED_FUNCTION_CALL'],
    ['CONTINUATION', 'length', 'CONTINUATION'],
    ['SOMETHING_NEW', 'other', 'SOMETHING_NEW'],
  ])('that stopped for %s comes back with it', (finishReason, stop, stopDetail) => {
    const response = decoded({
      candidates: [{ content: { parts: [{ text: 'a' }], role: 'model' }, finishReason, index: 0 }],
    });
    expect(response.choices[0]).toMatchObject({ stop, stopDetail });
    expect(encoded(response).body).toMatchObject({ candidates: [{ finishReason }] });
  });

  it('has its candidates in the order of their indexes', () => {
    const candidate = (index: number) => ({
      content: { parts: [{ text: String(index) }] },
      finishReason: 'STOP',
      index,
    });
    const { choices } = decoded({ candidates: [candidate(1), candidate(0)] });
    expect(choices.map(({ parts }) => parts[0])).toEqual([textPart('0'), textPart('1')]);
    const twice = decoded({ candidates: [candidate(1), candidate(1)] });
    expect(twice.choices.length).toBe(2);
  });

  it.each<[string, JsonObject]>([
    ['nothing', {}],
    ['candidates that are none', { candidates: 'x' }],
    ['an error', fixture('error.json')],
  ])('is none where there is %s', (_, body) => {
    expect(geminiCodec.decodeResponse(body, 's')).toMatchObject({
      ok: false,
      code: 'upstream_invalid',
    });
  });

  it('is read leniently where a part is broken', () => {
    const parts = [{ text: 5 }, { functionCall: 'f' }, 'x', { hologram: {} }, { text: 'a' }];
    const [choice] = decoded({ candidates: [{ content: { parts } }] }).choices;
    expect(choice?.parts.map(({ kind }) => kind)).toEqual([
      'foreign',
      'foreign',
      'foreign',
      'text',
    ]);
    expect(choice?.stop).toBe('stop');
  });
});

describe('an answer of another dialect for a caller of Gemini', () => {
  it.each([...SAMPLE_RESPONSES])('is written: %s', (_, response) => {
    expect(encoded(response)).toMatchSnapshot();
  });

  it('counts tokens as Gemini does', () => {
    const { body, drops } = encoded(sampleResponse([sampleChoice([])], { usage: FULL_USAGE }));
    expect(body['usageMetadata']).toEqual({
      promptTokenCount: 1200,
      cachedContentTokenCount: 800,
      candidatesTokenCount: 220,
      thoughtsTokenCount: 120,
      totalTokenCount: 1540,
      promptTokensDetails: [
        { modality: 'TEXT', tokenCount: 1190 },
        { modality: 'AUDIO', tokenCount: 10 },
      ],
      candidatesTokensDetails: [
        { modality: 'TEXT', tokenCount: 200 },
        { modality: 'AUDIO', tokenCount: 20 },
      ],
    });
    expect(drops).toEqual(['cache_write_tokens']);
  });

  it.each(DIALECTS)(
    'hands a caller the proofs of %s, and takes them back byte for byte',
    (origin) => {
      const proof = { origin, value: 'c2ln+/bmVk==\u00e9' };
      const parts: readonly Part[] = [
        { ...thinking('Aloud.', proof), id: 'rs_1' },
        ...(origin === 'gemini' ? [] : [sealedThinking(proof)]),
        { ...toolCall('a', 'f', '{}'), signature: proof },
      ];
      const { body } = encoded(sampleResponse([sampleChoice(parts)], { origin }));
      const [content] = objectsOf(body['candidates']).flatMap((each) =>
        objectsOf([each['content'] ?? {}]),
      );
      const asPython = JSON.stringify([content]).replaceAll('Keywell/', 'Keywell_');
      for (const contents of [[content ?? {}], JSON.parse(asPython)]) {
        const back = geminiCodec.decodeRequest({ contents }, { model: 'm', stream: false });
        const ids =
          origin === 'gemini'
            ? parts.map((part) =>
                'id' in part && part.kind === 'thinking' ? { ...part, id: null } : part,
              )
            : parts;
        expect(back).toMatchObject({ ok: true, value: { turns: [{ parts: ids }] } });
      }
    },
  );
});
