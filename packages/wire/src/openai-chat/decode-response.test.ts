import { describe, expect, it } from 'vitest';
import { Drops } from '../canonical/drops.ts';
import { NO_USAGE } from '../canonical/response.ts';
import { SAMPLE_RESPONSES, sampleRequest } from '../canonical/samples.contract.ts';
import type { AnswerStamp } from '../canonical/codec.ts';
import type { JsonObject, JsonValue } from '../json/value.ts';
import { chatCodec } from './codec.ts';

const STAMP: AnswerStamp = {
  id: 'req-1',
  model: 'shown',
  createdAt: 1_700_000_000,
  includeUsage: true,
  request: sampleRequest([]),
};

function decoded(body: JsonObject) {
  const result = chatCodec.decodeResponse(body, 'seed');
  if (!result.ok) throw new Error(result.message);
  return result.value;
}

const answer = (message: JsonObject, finish: JsonValue = 'stop', more: JsonObject = {}) =>
  decoded({ choices: [{ index: 0, message, finish_reason: finish }], ...more });

describe('an answer of a host of the Chat dialect', () => {
  it.each<[string, JsonObject, readonly object[]]>([
    ['DeepSeek, Qwen, vLLM', { content: 'a', reasoning_content: 'hm' }, [{ text: 'hm' }, {}]],
    ['Groq', { content: 'a', reasoning: 'hm' }, [{ text: 'hm' }, { text: 'a' }]],
    [
      'OpenRouter',
      {
        content: 'a',
        reasoning: 'hm',
        reasoning_details: [
          {
            type: 'reasoning.text',
            text: 'hm',
            signature: 'c2ln',
            format: 'anthropic-claude-v1',
            index: 0,
          },
          { type: 'reasoning.encrypted', data: 'c2Vh', index: 1 },
          { type: 'reasoning.later', index: 2 },
        ],
      },
      [
        { kind: 'thinking', text: 'hm', signature: { origin: 'openai-chat' } },
        { kind: 'thinking', text: '', sealed: { origin: 'openai-chat', value: 'c2Vh' } },
        { kind: 'text', text: 'a' },
      ],
    ],
    [
      'Mistral',
      {
        content: [
          {
            type: 'thinking',
            thinking: [
              { type: 'text', text: 'h' },
              { type: 'text', text: 'm' },
            ],
          },
          { type: 'text', text: 'a' },
          { type: 'reference', reference_ids: [1] },
        ],
      },
      [
        { kind: 'thinking', text: 'hm' },
        { kind: 'text', text: 'a' },
        { kind: 'foreign', name: 'reference' },
      ],
    ],
    [
      'Google',
      {
        content: 'a',
        extra_content: { google: { thought_signature: 'c2ln' } },
        tool_calls: [
          {
            id: 'x',
            type: 'function',
            function: { name: 'f', arguments: '{}' },
            extra_content: { google: { thought_signature: 'Y2Fs' } },
          },
        ],
      },
      [
        { kind: 'text', signature: { origin: 'openai-chat', value: 'c2ln' } },
        { kind: 'tool_call', signature: { origin: 'openai-chat', value: 'Y2Fs' } },
      ],
    ],
    [
      'Ollama',
      { content: '', tool_calls: [{ function: { name: 'f', arguments: { a: 1 } } }] },
      [{ kind: 'tool_call', id: 'call_seed_0_0', name: 'f', arguments: '{"a":1}' }],
    ],
    [
      'before tools',
      { content: null, function_call: { name: 'f', arguments: '{}' } },
      [{ kind: 'tool_call', id: 'call_seed_0_function', name: 'f' }],
    ],
    [
      'images of OpenRouter',
      {
        content: 'a',
        images: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,A' } }],
      },
      [{ kind: 'text' }, { kind: 'image', source: { kind: 'base64', data: 'A' } }],
    ],
  ])('is read as %s writes it', (_host, message, parts) => {
    expect(answer(message).choices[0]?.parts).toMatchObject(parts);
  });

  it.each<[JsonValue, JsonObject, string, string | null]>([
    ['stop', { content: 'a' }, 'stop', null],
    ['length', { content: 'a' }, 'length', null],
    ['content_filter', { content: 'a' }, 'content_filter', null],
    ['stop', { content: null, refusal: 'No.' }, 'refusal', null],
    ['stop', { tool_calls: [{ id: 'a', function: { name: 'f' } }] }, 'tool_calls', null],
    [null, { content: 'a' }, 'stop', null],
    ['', { content: 'a' }, 'stop', null],
    ['insufficient_system_resource', { content: 'a' }, 'other', 'insufficient_system_resource'],
    ['model_length', { content: 'a' }, 'context_length', null],
    ['function_call', { function_call: { name: 'f' } }, 'tool_calls', null],
  ])('that ended by %j with %j stopped by %s', (finish, message, stop, stopDetail) => {
    expect(answer(message, finish).choices[0]).toMatchObject({ stop, stopDetail });
  });

  it.each<[string, JsonObject, object | null]>([
    [
      'OpenAI',
      {
        prompt_tokens: 9,
        completion_tokens: 5,
        total_tokens: 14,
        prompt_tokens_details: { cached_tokens: 4, audio_tokens: 1, cache_write_tokens: 2 },
        completion_tokens_details: { reasoning_tokens: 3, audio_tokens: 1 },
      },
      {
        inputTokens: 9,
        outputTokens: 5,
        cachedTokens: 4,
        cacheWriteTokens: 2,
        reasoningTokens: 3,
        audioInputTokens: 1,
        audioOutputTokens: 1,
      },
    ],
    [
      'DeepSeek',
      { prompt_tokens: 9, completion_tokens: 5, prompt_cache_hit_tokens: 4 },
      { ...NO_USAGE, inputTokens: 9, outputTokens: 5, cachedTokens: 4 },
    ],
    [
      'xAI',
      {
        prompt_tokens: 9,
        completion_tokens: 5,
        total_tokens: 17,
        completion_tokens_details: { reasoning_tokens: 3 },
      },
      { ...NO_USAGE, inputTokens: 9, outputTokens: 8, reasoningTokens: 3 },
    ],
    ['a liar', { prompt_tokens: -9, completion_tokens: 'many' }, null],
    [
      'one who exaggerates',
      { prompt_tokens: 5, completion_tokens: 9007199254740991 },
      { ...NO_USAGE, inputTokens: 5 },
    ],
  ])('is counted as %s counts', (_host, usage, counts) => {
    expect(answer({ content: 'a' }, 'stop', { usage }).usage).toEqual(counts);
  });

  it.each<[JsonObject]>([
    [{}],
    [{ choices: null }],
    [{ error: { message: 'x' } }],
    [{ choices: { 0: 'x' } }],
  ])('is none where there is no list of choices: %j', (body) => {
    expect(chatCodec.decodeResponse(body, 'seed')).toMatchObject({
      ok: false,
      code: 'upstream_error',
    });
  });

  it.each<[JsonValue]>([
    [[null, 7, 'x', []]],
    [[{ message: 7 }]],
    [[{ message: { content: 7, tool_calls: 'x', annotations: {}, reasoning_details: [7, {}] } }]],
    [[{ message: { tool_calls: [null, {}, { function: 7 }], images: [7, {}], audio: 'x' } }]],
    [[{ message: {}, finish_reason: 7, logprobs: 'x' }]],
  ])('never throws, whatever its choices are: %j', (choices) => {
    const { choices: read } = decoded({ choices, usage: 'x', id: 7, model: [], created: 'x' });
    for (const { parts, stop } of read) expect([parts, stop]).toEqual([[], 'stop']);
  });

  it('is written back with all its host said of it', () => {
    const body = {
      id: 'chatcmpl-1',
      object: 'chat.completion',
      created: 1_763_891_234,
      model: 'gpt-5',
      choices: [
        {
          index: 0,
          message: {
            role: 'assistant',
            content: 'a',
            refusal: null,
            annotations: [{ type: 'url_citation', url_citation: { url: 'https://a.example/' } }],
            tool_calls: [{ id: 'x', type: 'function', function: { name: 'f', arguments: '' } }],
            x_note: 1,
          },
          logprobs: { content: [{ token: 'a', logprob: -1 }], refusal: null },
          finish_reason: 'tool_calls',
          content_filter_results: { hate: { filtered: false } },
        },
      ],
      usage: {
        prompt_tokens: 1,
        completion_tokens: 2,
        total_tokens: 3,
        prompt_tokens_details: { cached_tokens: 0 },
        completion_tokens_details: { reasoning_tokens: 0 },
      },
      service_tier: 'default',
      system_fingerprint: 'fp',
    };
    const drops = new Drops();
    expect(chatCodec.encodeResponse(decoded(body), STAMP, drops)).toEqual(body);
    expect(drops.names).toEqual([]);
  });
});

describe('an answer told to a caller of the Chat dialect', () => {
  it.each([...SAMPLE_RESPONSES])('reads as what it was: %s', (name, response) => {
    const drops = new Drops();
    const body = chatCodec.encodeResponse(response, STAMP, drops);
    const { choices, usage } = decoded(body);
    expect(usage).toEqual(response.usage);
    for (const [index, { parts, stop }] of choices.entries()) {
      const told = response.choices[index];
      const kinds = (list: typeof parts) => list.map(({ kind }) => kind).toSorted();
      expect(kinds(parts)).toEqual(kinds(told?.parts ?? []));
      expect(name.startsWith('stopped by') || stop === told?.stop).toBe(true);
    }
  });

  it.each<[string, string, readonly string[]]>([
    ['stop', 'stop', []],
    ['length', 'length', []],
    ['tool_calls', 'tool_calls', []],
    ['content_filter', 'content_filter', []],
    ['refusal', 'content_filter', []],
    ['stop_sequence', 'stop', ['stop_sequence']],
    ['pause', 'stop', ['pause']],
    ['context_length', 'length', []],
    ['other', 'stop', ['stop_reason']],
  ])('that stopped by %s says %s', (stop, finish, names) => {
    const response = SAMPLE_RESPONSES.get(`stopped by ${stop}`);
    if (response === undefined) throw new Error('no such sample');
    const drops = new Drops();
    const other = { ...response, origin: 'gemini' } as const;
    expect(chatCodec.encodeResponse(other, STAMP, drops)).toMatchObject({
      choices: [{ finish_reason: finish }],
    });
    expect(drops.names).toEqual(names);
  });

  it('has the stamp where the provider said nothing', () => {
    const response = SAMPLE_RESPONSES.get('without id, model, time and usage');
    if (response === undefined) throw new Error('no such sample');
    const body = chatCodec.encodeResponse(response, STAMP, new Drops());
    expect(body).toMatchObject({ id: 'chatcmpl-req-1', model: 'shown', created: 1_700_000_000 });
    expect(JSON.stringify(body)).not.toContain('usage');
  });

  it.each(['anthropic-messages', 'gemini', 'openai-responses', 'bedrock-converse'] as const)(
    'hands over a thought signed by %s, and takes it back as it was',
    (origin) => {
      const response = SAMPLE_RESPONSES.get(`thinking signed by ${origin}`);
      if (response === undefined) throw new Error('no such sample');
      const body = chatCodec.encodeResponse(response, STAMP, new Drops());
      const [choice] = Array.isArray(body['choices']) ? body['choices'] : [];
      const messages = [choice.message, { role: 'tool', tool_call_id: 'call_a', content: 'grey' }];
      const request = chatCodec.decodeRequest(
        { model: 'm', messages },
        { model: null, stream: null },
      );
      if (!request.ok) throw new Error(request.message);
      expect(request.value.turns[0]?.parts).toEqual(response.choices[0]?.parts);
    },
  );
});
