import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AnswerStamp } from '../canonical/codec.ts';
import { textPart, type Part } from '../canonical/content.ts';
import { DIALECTS } from '../canonical/dialect.ts';
import { Drops } from '../canonical/drops.ts';
import { bareRequest } from '../canonical/request.ts';
import { NO_USAGE, type CanonicalResponse } from '../canonical/response.ts';
import { thinking, toolCall } from '../canonical/sample-parts.contract.ts';
import { SAMPLE_RESPONSES, sampleChoice, sampleResponse } from '../canonical/samples.contract.ts';
import { isJsonArray, type JsonObject } from '../json/value.ts';
import { decodeRequest } from './decode-request.ts';
import { decodeResponse } from './decode-response.ts';
import { encodeResponse } from './encode-response.ts';

const FIXTURE: JsonObject = JSON.parse(
  readFileSync(new URL('./fixtures/message.json', import.meta.url), 'utf8'),
);
const STAMP: AnswerStamp = {
  id: 'req_1',
  model: 'alias',
  createdAt: 1,
  includeUsage: true,
  request: bareRequest('anthropic-messages', 'alias', []),
};

const decoded = (body: JsonObject): CanonicalResponse => {
  const result = decodeResponse(body, 'seed');
  if (!result.ok) throw new Error(result.message);
  return result.value;
};
function encoded(response: CanonicalResponse) {
  const drops = new Drops();
  return { body: encodeResponse(response, STAMP, drops), drops: drops.names };
}
const sample = (name: string): CanonicalResponse => {
  const response = SAMPLE_RESPONSES.get(name);
  if (response === undefined) throw new Error(name);
  return response;
};

describe('a message', () => {
  it('is read with each token counted once', () => {
    const response = decoded(FIXTURE);
    expect(response.usage).toEqual({
      ...NO_USAGE,
      inputTokens: 412 + 300 + 2048,
      outputTokens: 187,
      cachedTokens: 2048,
      cacheWriteTokens: 300,
      cacheWriteHourTokens: 200,
      reasoningTokens: 61,
    });
    expect(response.choices).toMatchObject([
      {
        stop: 'tool_calls',
        parts: [
          { kind: 'thinking' },
          { kind: 'thinking' },
          { kind: 'text' },
          { kind: 'foreign' },
          { kind: 'tool_call', arguments: '{"name":"tawny owl"}' },
        ],
      },
    ]);
  });

  it('is written again as it was', () => {
    const { body, drops } = encoded(decoded(FIXTURE));
    // that the model calls a tool by itself goes without saying
    const call = {
      type: 'tool_use',
      id: 'toolu_01A09q90qw90lq917835lq9',
      name: 'find_bird',
      input: { name: 'tawny owl' },
    };
    const content = isJsonArray(FIXTURE['content']) ? FIXTURE['content'].with(4, call) : [];
    expect(body).toEqual({ ...FIXTURE, content });
    expect(drops).toEqual([]);
  });

  it.each([
    ['end_turn', 'stop', null],
    ['max_tokens', 'length', null],
    ['stop_sequence', 'stop_sequence', 'END'],
    ['tool_use', 'tool_calls', null],
    ['pause_turn', 'pause', null],
    ['refusal', 'refusal', null],
    ['model_context_window_exceeded', 'context_length', null],
    ['solar_flare', 'other', 'solar_flare'],
  ])('stops by %s', (reason, stop, stopDetail) => {
    const sequence = reason === 'stop_sequence' ? 'END' : null;
    const body = { content: [], stop_reason: reason, stop_sequence: sequence };
    expect(decoded(body).choices).toMatchObject([{ stop, stopDetail }]);
    expect(encoded(decoded(body)).body).toMatchObject(body);
  });

  it('is read leniently', () => {
    const strange = {
      content: [1, { type: 'text' }, { type: 'tool_use' }, {}],
      usage: { input_tokens: -1, output_tokens: 'x' },
    };
    expect(decoded(strange)).toMatchObject({
      id: null,
      usage: null,
      choices: [
        {
          stop: 'other',
          parts: [
            { text: '' },
            { id: 'toolu_seed_2', arguments: '{}' },
            { kind: 'foreign', name: 'block' },
          ],
        },
      ],
    });
  });

  it('is none without content', () => {
    expect(decodeResponse({ type: 'error' }, '')).toMatchObject({
      ok: false,
      code: 'upstream_invalid',
    });
  });
});

describe('an answer of another dialect', () => {
  it.each([...SAMPLE_RESPONSES.keys()])('is a message: %s', (name) => {
    const { body } = encoded(sample(name));
    expect(body).toMatchObject({ id: 'msg_req_1', type: 'message', role: 'assistant' });
    const back = decoded(body);
    const told = sample(name).choices[0]?.parts.filter(({ kind }) => kind !== 'image') ?? [];
    expect(textOf(back.choices[0]?.parts ?? [])).toBe(textOf(told));
  });

  it.each([
    ['text', 'end_turn', []],
    ['without id, model, time and usage', 'end_turn', []],
    ['parallel tool calls', 'tool_use', []],
    ['refusal', 'refusal', []],
    ['two choices', 'end_turn', ['n']],
    ['logprobs', 'end_turn', ['logprobs']],
    ['citations', 'end_turn', ['citations']],
    ['image made by the model', 'end_turn', ['image']],
    ['stopped by content_filter', 'refusal', []],
    ['stopped by length', 'max_tokens', []],
    ['stopped by other', 'end_turn', ['stop_reason']],
    ['thinking signed by gemini', 'tool_use', []],
  ])('names what is lost: %s', (name, reason, names) => {
    const { body, drops } = encoded(sample(name));
    expect([body['stop_reason'], drops]).toEqual([reason, names]);
  });

  it('tells a call and a refusal by the stop, where the provider did not', () => {
    const call = sampleResponse([sampleChoice([toolCall('a', 'n', '{}')])]);
    expect(encoded(call).body['stop_reason']).toBe('tool_use');
    const refusal = sampleResponse([sampleChoice([{ kind: 'refusal', text: 'No.' }])]);
    expect(encoded(refusal).body['stop_reason']).toBe('refusal');
  });

  it('has cached tokens beside the others, and all of them once', () => {
    const usage = {
      ...NO_USAGE,
      inputTokens: 100,
      cachedTokens: 60,
      cacheWriteTokens: 30,
      outputTokens: 7,
    };
    expect(encoded(sampleResponse([], { usage })).body['usage']).toMatchObject({
      input_tokens: 10,
      cache_read_input_tokens: 60,
      cache_creation_input_tokens: 30,
      cache_creation: { ephemeral_5m_input_tokens: 30, ephemeral_1h_input_tokens: 0 },
      output_tokens: 7,
    });
  });

  it('has its thoughts and proofs come back with the caller’s next turn, byte for byte', () => {
    const others = DIALECTS.filter((dialect) => dialect !== 'anthropic-messages');
    const value = fc.base64String({ minLength: 4 });
    const proof = fc
      .tuple(fc.constantFrom(...others), value)
      .map(([origin, of]) => ({ origin, value: of }));
    const part: fc.Arbitrary<Part> = fc.oneof(
      fc
        .tuple(fc.string({ minLength: 1 }), proof)
        .map(([said, signature]): Part =>
          signature.origin.startsWith('openai')
            ? Object.assign(thinking(said, null), { sealed: signature, id: 'rs_1' })
            : thinking(said, signature),
        ),
      proof.map((sealed): Part => ({ ...thinking('', null), sealed, id: null })),
      fc
        .tuple(fc.string({ minLength: 1 }), fc.option(proof))
        .map(([said, signature]): Part => Object.assign(textPart(said), { signature })),
      fc
        .tuple(fc.uuid(), fc.option(proof))
        .map(([id, signature]): Part =>
          Object.assign(toolCall(`call:${id}`, 'n', '{"a":1}'), { signature }),
        ),
    );
    fc.assert(
      fc.property(fc.array(part, { minLength: 1 }), (parts) => {
        const { content } = encoded(sampleResponse([sampleChoice(parts)])).body;
        const next = {
          model: 'm',
          messages: [
            { role: 'user', content: 'x' },
            { role: 'assistant', content: JSON.parse(JSON.stringify(content)) },
          ],
        };
        const result = decodeRequest(next, { model: null, stream: null });
        expect(result.ok && result.value.turns[1]?.parts).toEqual(parts);
      }),
    );
  });
});

function textOf(parts: readonly Part[]): string {
  const said = parts.map((part) => ('text' in part ? part.text : part.kind));
  return said.filter((text) => text !== '').join('|');
}
