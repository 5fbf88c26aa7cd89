import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Drops } from '../canonical/drops.ts';
import { isJsonObject, type JsonObject } from '../json/value.ts';
import { chatCodec } from './codec.ts';
import { CHAT_ENCODE_DEFAULTS, type ChatEncodeOptions } from './encode-options.ts';

const OPENAI: ChatEncodeOptions = {
  ...CHAT_ENCODE_DEFAULTS,
  maxTokensField: 'max_completion_tokens',
  developerRole: 'developer',
};

/** Out of a body and back into one; nothing may have been dropped on the way. */
function roundTrip(body: JsonObject, options = OPENAI): JsonObject {
  const result = chatCodec.decodeRequest(body, { model: null, stream: null });
  if (!result.ok) throw new Error(`${result.param}: ${result.message}`);
  const drops = new Drops();
  const again = chatCodec.encodeRequest(result.value, drops, options);
  expect(drops.names).toEqual([]);
  return again;
}

/** Whatever JSON escapes, and halves of an emoji. */
const LETTERS = [
  'a',
  ' ',
  '"',
  '\\',
  '\n',
  '\u0000',
  '\u2028',
  'é',
  '👋',
  '\ud83d',
  '\udc4b',
] as const;

const withMore = (body: JsonObject, more: JsonObject): JsonObject => ({ ...body, ...more });

const SCHEMA = { type: 'object', properties: { a: { type: 'string' } } };

/** Source: types of the official SDK; `provider`, `cache_control`, `reasoning` and `reasoning_details` are OpenRouter's, `prefix` Mistral's. */
const FULL: JsonObject = {
  model: 'gpt-5',
  messages: [
    { role: 'developer', content: 'Be brief.', name: 'boss' },
    {
      role: 'user',
      name: 'Ada',
      content: [
        {
          type: 'text',
          text: 'See:',
          cache_control: { type: 'ephemeral', ttl: '1h' },
          prompt_cache_breakpoint: { mode: 'explicit', ttl: '30m' },
        },
        { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA', detail: 'low' } },
        { type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } },
        { type: 'video_url', video_url: { url: 'https://a.example/b.mp4' } },
        { type: 'file', file: { file_id: 'file-1', filename: 'a.pdf' } },
        { type: 'file', file: { file_data: 'data:application/pdf;base64,AAAA' } },
        { type: 'hologram', layers: [1, 2, null] },
      ],
    },
    {
      role: 'system',
      content: [
        { type: 'text', text: 'a' },
        { type: 'text', text: 'b' },
      ],
    },
    {
      role: 'assistant',
      content: 'Let me look.',
      reasoning_content: 'They want the sky.Sealed.',
      reasoning_details: [
        { type: 'reasoning.text', text: 'They want the sky.', signature: 'c2ln', index: 0 },
        {
          type: 'reasoning.summary',
          summary: 'Sealed.',
          id: 'rs_1',
          format: 'openai-responses-v1',
          index: 1,
        },
        {
          type: 'reasoning.encrypted',
          data: 'c2VhbGVk',
          format: 'openai-responses-v1',
          id: 'rs_1',
          index: 2,
        },
      ],
      tool_calls: [
        {
          id: 'call_a',
          type: 'function',
          function: { name: 'f', arguments: '{"a":' },
          extra_content: { google: { thought_signature: 'Y2FsbA==' } },
        },
        { id: 'call_b', type: 'custom', custom: { name: 'g', input: 'select 1' }, weight: 3 },
      ],
    },
    { role: 'tool', tool_call_id: 'call_a', content: 'grey', name: 'f' },
    {
      role: 'tool',
      tool_call_id: 'call_b',
      content: [
        { type: 'text', text: '1' },
        { type: 'text', text: '2' },
      ],
    },
    { role: 'assistant', content: null, refusal: 'No.' },
    { role: 'assistant', content: null, audio: { id: 'audio_1' } },
    { role: 'assistant', content: '{', prefix: true },
  ],
  stream: true,
  stream_options: { include_usage: true, include_obfuscation: false },
  tools: [
    {
      type: 'function',
      function: { name: 'f', description: 'd', parameters: SCHEMA, strict: true, x_timeout: 3 },
      cache_control: { type: 'ephemeral' },
      defer_loading: true,
    },
    { type: 'custom', custom: { name: 'g', format: { type: 'text' } } },
    { type: 'web_search', max_uses: 3 },
  ],
  tool_choice: {
    type: 'allowed_tools',
    allowed_tools: {
      mode: 'required',
      tools: [
        { type: 'function', function: { name: 'f' } },
        { type: 'custom', custom: { name: 'g' } },
      ],
    },
  },
  parallel_tool_calls: false,
  response_format: {
    type: 'json_schema',
    json_schema: { name: 'r', description: 'd', schema: SCHEMA, strict: true, x_mode: 'fast' },
  },
  max_completion_tokens: 100,
  temperature: 0.5,
  top_p: 0.5,
  top_k: 5,
  stop: ['END'],
  frequency_penalty: 1,
  presence_penalty: -1,
  seed: 7,
  n: 2,
  logprobs: true,
  top_logprobs: 2,
  logit_bias: { '7': -100 },
  reasoning: { effort: 'low', max_tokens: 500, exclude: true, x_style: 'terse' },
  user: 'user-1',
  safety_identifier: 'safe-1',
  metadata: { a: 'b' },
  service_tier: 'flex',
  prompt_cache_key: 'k',
  verbosity: 'low',
  modalities: ['text', 'audio'],
  store: true,
  audio: { format: 'mp3', voice: 'ash' },
  prediction: { type: 'content', content: 'x' },
  web_search_options: { search_context_size: 'low' },
  prompt_cache_retention: '24h',
  provider: { order: ['a'] },
};

describe('a body of the Chat dialect, decoded and encoded', () => {
  it('is the body, with everything in it', () => {
    expect(roundTrip(FULL)).toEqual(FULL);
  });

  it.each<[JsonObject, JsonObject]>([
    [{ max_tokens: 5 }, { max_completion_tokens: 5 }],
    [{ stop: 'END' }, { stop: ['END'] }],
    [{ safety_identifier: 's' }, { user: 's' }],
    [{ temperature: null, tools: null }, {}],
    [
      { functions: [{ name: 'f' }], function_call: 'auto' },
      {
        tools: [{ type: 'function', function: { name: 'f' } }],
        tool_choice: 'auto',
        parallel_tool_calls: false,
      },
    ],
    [{ tool_choice: 'none' }, {}],
    [{ reasoning: { enabled: false } }, { reasoning_effort: 'none' }],
  ])('says %j as %j', (said, normal) => {
    const base = { model: 'm', messages: [{ role: 'user', content: 'Hi' }] };
    expect(roundTrip({ ...base, ...said })).toEqual({ ...base, ...normal });
  });

  it('is the body of the recorded request', () => {
    const file = new URL('./fixtures/chat-request.json', import.meta.url);
    const body: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (!isJsonObject(body)) throw new Error('no object');
    expect(roundTrip(body)).toEqual(body);
  });

  it('keeps a format that only some hosts know', () => {
    const base = { model: 'm', messages: [{ role: 'user', content: 'Hi' }] };
    const body = { ...base, response_format: { type: 'grammar', grammar: 'x ::= y' } };
    expect(roundTrip(body)).toEqual(body);
  });

  it('is the same for any conversation in normal form', () => {
    const words = fc.string({ minLength: 1, maxLength: 12, unit: fc.constantFrom(...LETTERS) });
    const text = fc.record({ type: fc.constant('text'), text: words });
    const image = fc.record({
      type: fc.constant('image_url'),
      image_url: fc.record({
        url: fc.constantFrom('https://a.example/b', 'data:a/b;base64,AA==', 'data:,a'),
      }),
    });
    const call = fc.record({
      id: words,
      type: fc.constant('function'),
      function: fc.record({ name: words, arguments: fc.string() }),
    });
    const unknown = fc.dictionary(
      fc.constantFrom('x_one', 'x_two'),
      fc.oneof(fc.integer(), fc.string(), fc.constant({ a: [1] })),
    );
    const message = fc.oneof(
      fc.record({ role: fc.constantFrom('user', 'system', 'developer'), content: fc.string() }),
      fc
        .tuple(fc.array(fc.oneof(text, image), { minLength: 2, maxLength: 4 }), unknown)
        .map(([content, more]) => withMore({ role: 'user', content }, more)),
      fc.record({ role: fc.constant('assistant'), content: words, reasoning_content: words }),
      fc
        .tuple(fc.array(call, { minLength: 1, maxLength: 3 }), unknown)
        .map(([calls, more]) =>
          withMore({ role: 'assistant', content: null, tool_calls: calls }, more),
        ),
      fc.record({ role: fc.constant('tool'), tool_call_id: words, content: fc.string() }),
    );
    const body = fc
      .tuple(fc.array(message, { minLength: 1, maxLength: 6 }), unknown)
      .map(([messages, more]) => withMore({ model: 'm', messages }, more));
    fc.assert(
      fc.property(body, (sent) => {
        expect(roundTrip(sent)).toEqual(sent);
      }),
    );
  });

  it('gives a value or a refusal for any JSON', () => {
    const members = ['messages', 'tools', 'tool_choice', 'content', 'role', 'type', 'function'];
    const json = fc.letrec<{ any: unknown }>((tie) => ({
      any: fc.oneof(
        { maxDepth: 5 },
        fc.constantFrom('user', 'assistant', 'tool', 'text', 'function', 'image_url'),
        fc.constantFrom(null, 0, -1, true, ''),
        fc.array(tie('any'), { maxLength: 4 }),
        fc.dictionary(fc.constantFrom(...members), tie('any'), { maxKeys: 5 }),
      ),
    })).any;
    fc.assert(
      fc.property(json, (messages) => {
        const text = JSON.stringify({ model: 'm', messages: [messages, { role: 'user' }] });
        const body: unknown = JSON.parse(text);
        if (!isJsonObject(body)) throw new Error('no object');
        const result = chatCodec.decodeRequest(body, { model: null, stream: null });
        expect(result.ok ? null : result.param).not.toBe('');
      }),
    );
  });
});
