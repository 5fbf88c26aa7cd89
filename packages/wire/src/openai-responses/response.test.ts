import { describe, expect, it } from 'vitest';
import * as fc from 'fast-check';
import type { AnswerStamp } from '../canonical/codec.ts';
import { textPart } from '../canonical/content.ts';
import { Drops } from '../canonical/drops.ts';
import { bareRequest, NO_SAMPLING } from '../canonical/request.ts';
import type { CanonicalResponse } from '../canonical/response.ts';
import {
  FULL_USAGE,
  sampleChoice,
  SAMPLE_RESPONSES,
  sampleRequest,
  sampleResponse,
} from '../canonical/samples.contract.ts';
import {
  PIXEL_IMAGE,
  PIXEL_PNG,
  toolCall,
  turn,
  WEATHER_TOOL,
} from '../canonical/sample-parts.contract.ts';
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../json/value.ts';
import { responsesCodec as codec } from './codec.ts';
import { listOf, readJsonFixture as read } from './fixtures.contract.ts';

const STAMP: AnswerStamp = {
  id: 'r1',
  model: 'alias',
  createdAt: 1_700_000_000,
  includeUsage: true,
  request: bareRequest('openai-responses', 'alias', []),
};

function decode(body: JsonObject): CanonicalResponse {
  const response = codec.decodeResponse(body, 'seed');
  if (!response.ok) throw new Error(response.message);
  return response.value;
}

function encode(response: CanonicalResponse, stamp = STAMP) {
  const drops = new Drops();
  const body = codec.encodeResponse(response, stamp, drops);
  return { body, dropped: drops.names };
}

const answer = (output: JsonValue, more: JsonObject = {}): JsonObject => ({
  id: 'resp_1',
  object: 'response',
  status: 'completed',
  output,
  ...more,
});
const FIXTURES = [
  'reasoning-tools',
  'refusal',
  'custom-tool',
  'web-search',
  'image-tool',
  'incomplete',
  'verbatim-reasoning',
];

describe('an answer in the Responses dialect', () => {
  it.each(FIXTURES)('is the same after a round: %s', (name) => {
    const first = decode(read(name));
    const { body, dropped } = encode(first);
    expect(dropped).toEqual([]);
    expect(decode(body)).toEqual(first);
  });

  it.each(FIXTURES)('keeps all of its members: %s', (name) => {
    const body = read(name);
    const written = encode(decode(body)).body;
    const unsaid = ['max_tool_calls', 'safety_identifier'];
    const missing = Object.keys(body).filter((member) => !(member in written));
    expect(missing).toEqual(unsaid);
  });

  it('tells reasoning, text and calls in their order', () => {
    const { choices, usage } = decode(read('reasoning-tools'));
    expect(choices).toMatchObject([
      {
        stop: 'tool_calls',
        parts: [
          { kind: 'thinking', id: 'rs_68e2', text: '**Looking it up**\n\nThe sky over Köln.' },
          { kind: 'thinking', id: 'rs_68e2', text: '**Two calls**\n\nBoth at once.' },
          {
            kind: 'thinking',
            id: 'rs_68e2',
            text: '',
            sealed: { origin: 'openai-responses', value: 'gAAAAABozQ2k-done==' },
          },
          { kind: 'text', text: 'Let me look. 🌦️' },
          { kind: 'tool_call', id: 'call_a1', name: 'get_weather', custom: false },
          { kind: 'tool_call', id: 'call_a2', name: 'get_time', custom: false },
        ],
      },
    ]);
    expect(usage).toMatchObject({
      inputTokens: 120,
      outputTokens: 96,
      cachedTokens: 64,
      reasoningTokens: 64,
    });
  });

  it('keeps annotations, logprobs and what the provider ran itself', () => {
    const [choice] = decode(read('web-search')).choices;
    expect(choice?.parts).toMatchObject([
      { kind: 'foreign', name: 'web_search_call' },
      {
        kind: 'text',
        annotations: { origin: 'openai-responses', list: [{ type: 'url_citation' }] },
      },
      { kind: 'text', annotations: null },
    ]);
    expect(choice?.logprobs).toMatchObject([{ token: 'Grey ' }, { token: 'today' }]);
  });

  it.each<[JsonObject, string, string | null]>([
    [{ status: 'completed' }, 'stop', null],
    [{}, 'stop', null],
    [{ status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } }, 'length', null],
    [
      { status: 'incomplete', incomplete_details: { reason: 'content_filter' } },
      'content_filter',
      null,
    ],
    [{ status: 'incomplete', incomplete_details: { reason: 'steered' } }, 'other', 'steered'],
    [{ status: 'incomplete' }, 'other', 'incomplete'],
    [{ status: 'cancelled' }, 'other', 'cancelled'],
  ])('stops as its state says: %o', (more, stop, stopDetail) => {
    expect(
      decode({ ...answer([]), ...more, status: more['status'] ?? null }).choices,
    ).toMatchObject([{ stop, stopDetail }]);
  });

  it.each<[string, JsonObject, string]>([
    [
      'failed',
      answer([], { status: 'failed', error: { code: 'server_error', message: 'secret' } }),
      'upstream_error',
    ],
    [
      'error beside a status',
      answer([], { error: { code: 'server_error', message: 'secret' } }),
      'upstream_error',
    ],
    ['no output', { id: 'resp_1' }, 'upstream_invalid'],
    ['output of another kind', answer('text'), 'upstream_invalid'],
  ])('is refused where it is none: %s', (_, body, code) => {
    const refused = codec.decodeResponse(body, 'seed');
    expect(refused).toMatchObject({ ok: false, code });
    expect(JSON.stringify(refused)).not.toContain('secret');
  });

  it('makes up ids of calls that have none, the same for the same place', () => {
    const [choice] = decode(
      answer([{ type: 'function_call' }, { type: 'function_call', call_id: '' }]),
    ).choices;
    expect(choice?.parts).toMatchObject([{ id: 'call_seed_0' }, { id: 'call_seed_1' }]);
  });

  it('never throws, whatever a provider sends', () => {
    const item = fc.dictionary(
      fc.constantFrom(
        'type',
        'content',
        'summary',
        'call_id',
        'text',
        'encrypted_content',
        'id',
        'action',
      ),
      fc.oneof(
        fc.jsonValue({ maxDepth: 2 }),
        fc.constantFrom('message', 'reasoning', 'function_call'),
      ),
    );
    fc.assert(
      fc.property(
        fc.array(item, { maxLength: 4 }),
        fc.jsonValue({ maxDepth: 2 }),
        (items, usage) => {
          const body = answer(listOf(items), { usage: listOf([usage])[0] });
          expect(encode(decode(body)).body).toMatchObject({
            object: 'response',
            status: 'completed',
          });
        },
      ),
    );
  });
});

describe('an answer of any dialect, for a Responses caller', () => {
  const DROPPED: Readonly<Record<string, readonly string[]>> = {
    'two choices': ['n'],
    'stopped by stop_sequence': ['stop_sequence'],
    'stopped by pause': ['pause'],
    'stopped by other': ['stop_reason'],
  };

  it.each([...SAMPLE_RESPONSES])('names what is lost: %s', (name, response) => {
    expect(encode(response).dropped).toEqual(DROPPED[name] ?? []);
  });

  it.each([...SAMPLE_RESPONSES])('has the members that the SDKs read: %s', (_, response) => {
    const { body } = encode(response);
    expect(body).toMatchObject({
      id: expect.any(String),
      object: 'response',
      created_at: response.createdAt ?? STAMP.createdAt,
      model: response.model ?? 'alias',
      error: null,
      tool_choice: 'auto',
      tools: [],
      parallel_tool_calls: true,
    });
    const { output } = body;
    const ids = (isJsonArray(output) ? output : []).map((item) => isJsonObject(item) && item['id']);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('says again what was asked', () => {
    const request = sampleRequest(
      [turn('system', textPart('Be brief.')), turn('user', textPart('Hi'))],
      {
        tools: [WEATHER_TOOL],
        toolChoice: { kind: 'required' },
        metadata: { team: 'blue' },
        verbosity: 'low',
        sampling: { ...NO_SAMPLING, temperature: 0.5, maxOutputTokens: 9 },
      },
    );
    expect(encode(sampleResponse([sampleChoice([])]), { ...STAMP, request }).body).toMatchObject({
      instructions: 'Be brief.',
      tools: [{ type: 'function', name: 'get_weather' }],
      tool_choice: 'required',
      metadata: { team: 'blue' },
      text: { format: { type: 'text' }, verbosity: 'low' },
      temperature: 0.5,
      max_output_tokens: 9,
      store: false,
    });
  });

  it.each([
    ['in words of its own', [{ kind: 'refusal', text: 'No.' } as const], 'completed', null],
    ['in a plain text', [textPart('No.')], 'incomplete', { reason: 'content_filter' }],
    ['without a word', [], 'incomplete', { reason: 'content_filter' }],
  ])('that was refused %s does not look like any other', (_how, parts, status, details) => {
    const response = sampleResponse([sampleChoice(parts, { stop: 'refusal' })]);
    expect(encode(response).body).toMatchObject({ status, incomplete_details: details });
  });

  it('counts usage once', () => {
    expect(encode(sampleResponse([sampleChoice([])], { usage: FULL_USAGE })).body['usage']).toEqual(
      {
        input_tokens: 1200,
        input_tokens_details: { cached_tokens: 800, cache_write_tokens: 100 },
        output_tokens: 340,
        output_tokens_details: { reasoning_tokens: 120 },
        total_tokens: 1540,
      },
    );
  });

  it('tells an image of the model as the image tool would', () => {
    expect(encode(sampleResponse([sampleChoice([PIXEL_IMAGE])])).body['output']).toMatchObject([
      {
        type: 'image_generation_call',
        status: 'completed',
        result: PIXEL_PNG,
        output_format: 'png',
      },
    ]);
  });

  it('unwraps citations of Chat and names those of others', () => {
    const chat = SAMPLE_RESPONSES.get('citations') ?? sampleResponse([]);
    expect(encode(chat).body['output']).toMatchObject([
      { content: [{ annotations: [{ type: 'url_citation', title: 'Sky' }] }] },
    ]);
    const annotations = { origin: 'gemini', list: [{}] } as const;
    const other = sampleResponse([sampleChoice([{ ...textPart('x'), annotations }])]);
    expect(encode(other).dropped).toEqual(['citations']);
  });

  it.each(['anthropic-messages', 'gemini', 'bedrock-converse', 'openai-chat'] as const)(
    'carries thoughts and proofs of %s through the next request',
    (origin) => {
      const response = SAMPLE_RESPONSES.get(`thinking signed by ${origin}`) ?? sampleResponse([]);
      const { output } = encode(response).body;
      const input = isJsonArray(output) ? output : [];
      const next = codec.decodeRequest({ model: 'm', input }, { model: null, stream: null });
      if (!next.ok) throw new Error(next.message);
      const thought = (part: object) =>
        'id' in part && !('name' in part) ? { ...part, id: null } : part;
      expect(next.value.turns).toHaveLength(1);
      expect(next.value.turns[0]?.parts.map(thought)).toEqual(response.choices[0]?.parts);
    },
  );

  it('gives items that share a provider id ids of their own', () => {
    const thought = {
      kind: 'thinking',
      text: 'x',
      signature: null,
      sealed: null,
      id: 'rs_9',
    } as const;
    const parts = [thought, toolCall('c', 'f', '{}'), thought];
    const { output } = encode(sampleResponse([sampleChoice(parts)])).body;
    expect(output).toMatchObject([{ id: 'rs_9' }, { id: 'fc_r1_1' }, { id: 'rs_r1_2' }]);
  });
});
