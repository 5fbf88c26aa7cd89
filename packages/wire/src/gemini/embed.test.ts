import { describe, expect, it } from 'vitest';
import { Drops } from '../canonical/drops.ts';
import type { JsonObject } from '../json/value.ts';
import {
  decodeEmbedRequest,
  decodeEmbedResponse,
  decodeOpenAiEmbedRequest,
  decodeOpenAiEmbedResponse,
  encodeBatchEmbed,
  encodeEmbedResponse,
  encodeOpenAiEmbedRequest,
  encodeOpenAiEmbedResponse,
} from './embed.ts';

const one = (text: string, more: JsonObject = {}): JsonObject => ({
  content: { parts: [{ text }] },
  ...more,
});

describe('embeddings for a caller of Gemini', () => {
  it.each<[string, JsonObject, readonly string[], readonly string[]]>([
    ['one text', one('a', { taskType: 'RETRIEVAL_QUERY' }), ['a'], ['taskType']],
    ['snake_case', one('a', { task_type: 'X', output_dimensionality: 3 }), ['a'], ['taskType']],
    ['parts of a text', { content: { parts: [{ text: 'a' }, { text: 'b' }] } }, ['ab'], []],
    ['many', { requests: [one('a', { model: 'models/m' }), one('b')] }, ['a', 'b'], []],
  ])('are asked of OpenAI: %s', (_, body, texts, names) => {
    const request = decodeEmbedRequest(body);
    if (!request.ok) throw new Error(request.message);
    const drops = new Drops();
    expect(encodeOpenAiEmbedRequest(request.value, 'text-embedding-3-small', drops)).toEqual({
      model: 'text-embedding-3-small',
      input: texts,
      encoding_format: 'float',
      ...(request.value.dimensions === null ? {} : { dimensions: 3 }),
    });
    expect(drops.names).toEqual(names);
  });

  it.each<[JsonObject, string]>([
    [{}, 'content'],
    [{ content: {} }, 'content.parts[0]'],
    [{ requests: [] }, 'requests[0]'],
    [{ requests: [{ content: { parts: [{}] } }] }, 'requests[0].content.parts[0].text'],
    [
      { requests: [one('a'), one('b', { outputDimensionality: 2 })] },
      'requests[1].outputDimensionality',
    ],
  ])('are refused: %j', (body, param) => {
    expect(decodeEmbedRequest(body)).toMatchObject({ ok: false, param });
  });

  it('are answered from what OpenAI says, packed or not', () => {
    const packed = encodeOpenAiEmbedResponse(
      { vectors: [[0.5, -2]], inputTokens: 3 },
      'm',
      'base64',
    );
    expect(packed).toMatchObject({ data: [{ embedding: 'AAAAPwAAAMA=' }] });
    const plain = encodeOpenAiEmbedResponse({ vectors: [[0.5, -2]], inputTokens: 3 }, 'm', 'float');
    for (const body of [packed, plain]) {
      const answer = decodeOpenAiEmbedResponse(body);
      if (!answer.ok) throw new Error(answer.message);
      expect(encodeEmbedResponse(answer.value, 'embedContent')).toEqual({
        embedding: { values: [0.5, -2] },
        usageMetadata: { promptTokenCount: 3 },
      });
      expect(encodeEmbedResponse(answer.value, 'batchEmbedContents')).toMatchObject({
        embeddings: [{ values: [0.5, -2] }],
      });
    }
  });
});

describe('embeddings for a caller of OpenAI', () => {
  it('are asked of Gemini in one batch', () => {
    const request = decodeOpenAiEmbedRequest({
      model: 'm',
      input: ['a', 'b'],
      dimensions: 4,
      user: 'u',
      encoding_format: 'base64',
    });
    if (!request.ok) throw new Error(request.message);
    const drops = new Drops();
    expect(request.value.format).toBe('base64');
    expect(encodeBatchEmbed(request.value, 'gemini-embedding-001', drops)).toEqual({
      requests: ['a', 'b'].map((text) => ({
        model: 'models/gemini-embedding-001',
        content: { parts: [{ text }] },
        outputDimensionality: 4,
      })),
    });
    expect(drops.names).toEqual(['user']);
  });

  it.each<[JsonObject, string]>([
    [{ input: 'a' }, 'model'],
    [{ model: 'm' }, 'input'],
    [{ model: 'm', input: [] }, 'input'],
    [{ model: 'm', input: [1, 2] }, 'input[0]'],
    [{ model: 'm', input: 'a', encoding_format: 'hex' }, 'encoding_format'],
  ])('are refused: %j', (body, param) => {
    expect(decodeOpenAiEmbedRequest(body)).toMatchObject({ ok: false, param });
  });

  it('are answered from what Gemini says', () => {
    const answer = decodeEmbedResponse({ embeddings: [{ values: [1] }, { values: [2] }] });
    if (!answer.ok) throw new Error(answer.message);
    expect(encodeOpenAiEmbedResponse(answer.value, 'm', 'float')).toEqual({
      object: 'list',
      data: [
        { object: 'embedding', index: 0, embedding: [1] },
        { object: 'embedding', index: 1, embedding: [2] },
      ],
      model: 'm',
      usage: { prompt_tokens: 0, total_tokens: 0 },
    });
    expect(decodeEmbedResponse({ embedding: { values: [1] } })).toMatchObject({ ok: true });
  });

  it.each<JsonObject>([
    {},
    { embeddings: [{ values: ['1'] }] },
    { embeddings: [{ values: [1] }, {}] },
    { embeddings: [] },
  ])('are none where there are none: %j', (body) => {
    expect(decodeEmbedResponse(body)).toMatchObject({ ok: false, code: 'upstream_invalid' });
  });

  it.each<JsonObject>([{}, { data: [{ embedding: '?' }] }, { data: [{ embedding: 'AAA=' }] }])(
    'are none where they are broken: %j',
    (body) => {
      expect(decodeOpenAiEmbedResponse(body).ok).toBe(false);
    },
  );
});
