import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RequestPlace } from '../canonical/codec.ts';
import { Drops } from '../canonical/drops.ts';
import type { JsonObject } from '../json/value.ts';
import { chatCodec } from '../openai-chat/codec.ts';
import { decodeRequest } from './decode-request.ts';
import { encodeRequest } from './encode-request.ts';

const HERE: RequestPlace = { model: null, stream: null };
const FIXTURE: JsonObject = JSON.parse(
  readFileSync(new URL('./fixtures/request.json', import.meta.url), 'utf8'),
);
const HELLO: JsonObject = {
  model: 'claude-opus-5',
  max_tokens: 100,
  messages: [{ role: 'user', content: 'Hello' }],
};

const SEARCHING: JsonObject = {
  ...HELLO,
  tools: [
    { name: 'look_up', input_schema: { type: 'object' } },
    { type: 'web_search_20250305', name: 'web_search', max_uses: 5 },
  ],
  tool_choice: { type: 'tool', name: 'web_search', disable_parallel_tool_use: true },
};

const decoded = (body: JsonObject) => {
  const result = decodeRequest(body, HERE);
  if (!result.ok) throw new Error(result.message);
  return result.value;
};
const withContent = (...content: readonly JsonObject[]): JsonObject => ({
  ...HELLO,
  messages: [{ role: 'user', content }],
});
const again = (body: JsonObject): JsonObject => encodeRequest(decoded(body), new Drops());

describe('a request of the Messages API', () => {
  it('is read into turns, tools and settings', () => {
    const request = decoded(FIXTURE);
    expect(request).toMatchObject({
      origin: 'anthropic-messages',
      stream: true,
      toolChoice: { kind: 'auto' },
      parallelToolCalls: false,
      reasoning: { adaptive: true, effort: 'xhigh', show: true, budgetTokens: null },
      output: { kind: 'json_schema', schema: { type: 'object' } },
      sampling: { maxOutputTokens: 2048, temperature: 1, topP: 0.95, topK: 40, stop: ['END'] },
      user: '13803d75-b4b5-4c3e-b2a2-6f21399b021b',
      serviceTier: 'standard_only',
    });
    expect(request.turns.map(({ role }) => role)).toEqual([
      'system',
      'user',
      'assistant',
      'user',
      'system',
      'assistant',
    ]);
    expect(request.turns.flatMap(({ parts }) => parts.map(({ kind }) => kind))).toEqual([
      'text',
      'text',
      'image',
      'image',
      'image',
      'file',
      'file',
      'file',
      'foreign',
      'text',
      'thinking',
      'thinking',
      'text',
      'foreign',
      'foreign',
      'tool_call',
      'tool_call',
      'tool_result',
      'tool_result',
      'text',
      'text',
      'text',
    ]);
    expect(Object.keys(request.extensions).toSorted()).toEqual([
      'cache_control',
      'container',
      'context_management',
      'mcp_servers',
      'output_config',
      'tools',
    ]);
  });

  it('is written again as it was', () => {
    expect(again(FIXTURE)).toEqual(FIXTURE);
  });

  it('gives other dialects the texts that are in blocks of this one', () => {
    const { turns } = decoded(FIXTURE);
    const files = turns[1]?.parts.filter((part) => part.kind === 'file') ?? [];
    const texts = files.map(({ source }) =>
      source.kind === 'base64' ? Buffer.from(source.data, 'base64').toString() : '',
    );
    expect(texts).toEqual(['%PDF-1.4', 'Käuze rufen nachts. 🦉', 'One.\nTwo.']);
    const [result] = turns[3]?.parts ?? [];
    expect(result).toMatchObject({
      content: [{ text: 'Strix aluco' }, { kind: 'image' }, { text: 'Brown.' }],
    });
  });

  it('takes model and streaming from the path where that says them', () => {
    const result = decodeRequest({ messages: HELLO['messages'] }, { model: 'm', stream: true });
    expect(result).toMatchObject({ ok: true, value: { model: 'm', stream: true } });
  });

  it.each<[string, JsonObject, string]>([
    ['no model', { messages: [] }, 'model'],
    ['no messages', { model: 'm' }, 'messages'],
    ['no message', { model: 'm', messages: [] }, 'messages'],
    ['a message that is text', { model: 'm', messages: ['hi'] }, 'messages[0]'],
    [
      'an unknown role',
      { ...HELLO, messages: [{ role: 'tool', content: '' }] },
      'messages[0].role',
    ],
    ['no content', { ...HELLO, messages: [{ role: 'user' }] }, 'messages[0].content'],
    [
      'content of a number',
      { ...HELLO, messages: [{ role: 'user', content: 1 }] },
      'messages[0].content',
    ],
    ['a block without a type', withContent({ text: 'x' }), 'messages[0].content[0].type'],
    ['text of a number', withContent({ type: 'text', text: 1 }), 'messages[0].content[0].text'],
    ['an image without a source', withContent({ type: 'image' }), 'messages[0].content[0].source'],
    [
      'an image without data',
      withContent({ type: 'image', source: { type: 'base64', media_type: 'image/png' } }),
      'messages[0].content[0].source.data',
    ],
    [
      'a document of numbers',
      withContent({ type: 'document', source: { type: 'content', content: 4 } }),
      'messages[0].content[0].source.content',
    ],
    [
      'a call without an id',
      withContent({ type: 'tool_use', name: 'n' }),
      'messages[0].content[0].id',
    ],
    [
      'an empty id',
      withContent({ type: 'tool_use', name: 'n', id: '' }),
      'messages[0].content[0].id',
    ],
    [
      'a result of nothing',
      withContent({ type: 'tool_result' }),
      'messages[0].content[0].tool_use_id',
    ],
    [
      'a block in a result without a type',
      withContent({ type: 'tool_result', tool_use_id: 't', content: [{}] }),
      'messages[0].content[0].content[0].type',
    ],
    [
      'an unknown ttl',
      withContent({ type: 'text', text: 'x', cache_control: { type: 'ephemeral', ttl: '2d' } }),
      'messages[0].content[0].cache_control.ttl',
    ],
    ['an image as instruction', { ...HELLO, system: [{ type: 'image' }] }, 'system[0].type'],
    ['system of a number', { ...HELLO, system: 1 }, 'system'],
    ['a limit below nothing', { ...HELLO, max_tokens: -1 }, 'max_tokens'],
    ['a temperature of text', { ...HELLO, temperature: 'hot' }, 'temperature'],
    ['a stop of numbers', { ...HELLO, stop_sequences: [1] }, 'stop_sequences[0]'],
    ['a tool without a schema', { ...HELLO, tools: [{ name: 'n' }] }, 'tools[0].input_schema'],
    ['a choice without a type', { ...HELLO, tool_choice: {} }, 'tool_choice.type'],
    ['a choice of no tool', { ...HELLO, tool_choice: { type: 'tool' } }, 'tool_choice.name'],
    ['thinking without a type', { ...HELLO, thinking: {} }, 'thinking.type'],
    [
      'thinking without a budget',
      { ...HELLO, thinking: { type: 'enabled' } },
      'thinking.budget_tokens',
    ],
    ['an effort of a number', { ...HELLO, output_config: { effort: 3 } }, 'output_config.effort'],
    [
      'an unknown form',
      { ...HELLO, output_config: { format: { type: 'xml' } } },
      'output_config.format.type',
    ],
    [
      'a form without a schema',
      { ...HELLO, output_format: { type: 'json_schema' } },
      'output_format.schema',
    ],
    ['metadata of text', { ...HELLO, metadata: 'me' }, 'metadata'],
  ])('is refused for %s, and told where', (_, body, param) => {
    expect(decodeRequest(body, HERE)).toMatchObject({ ok: false, param });
  });

  it.each<[string, JsonObject]>([
    ['a block of tomorrow', withContent({ type: 'hologram', layers: [1, 2] })],
    ['an image from elsewhere', withContent({ type: 'image', source: { type: 'gcs', uri: 'x' } })],
    [
      'a tool choice of tomorrow',
      {
        ...HELLO,
        tools: [{ type: 'bash_20250124', name: 'bash' }],
        tool_choice: { type: 'some', of: 2 },
      },
    ],
    ['a choice of a tool that the provider runs', SEARCHING],
    ['thinking of tomorrow', { ...HELLO, thinking: { type: 'between_tools' } }],
    ['an effort of tomorrow', { ...HELLO, output_config: { effort: 'ultra' } }],
    [
      'thinking switched off beside an effort',
      { ...HELLO, thinking: { type: 'disabled' }, output_config: { effort: 'low' } },
    ],
    ['metadata beside the user', { ...HELLO, metadata: { user_id: 'u', project: 'p' } }],
    ['a member of tomorrow', { ...HELLO, diagnostics: { previous_message_id: 'msg_1' } }],
  ])('keeps %s', (_, body) => {
    expect(again(body)).toEqual(body);
  });

  it('has others choose no tool that they are not told of', () => {
    const request = decoded(SEARCHING);
    expect(request).toMatchObject({ toolChoice: null, parallelToolCalls: false });
    const drops = new Drops();
    const body = chatCodec.encodeRequest(request, drops);
    expect(body['tool_choice']).toBeUndefined();
    expect(drops.names).toEqual(['web_search_20250305', 'tool_choice']);
    const own = { ...SEARCHING, tools: [{ name: 'web_search', input_schema: { type: 'object' } }] };
    expect(decoded(own).toolChoice).toEqual({ kind: 'tool', name: 'web_search' });
  });

  it('leaves out what goes without saying', () => {
    const loud = {
      ...HELLO,
      stream: false,
      messages: [
        { role: 'user', content: [{ type: 'text', text: 'Hi', cache_control: null }] },
        {
          role: 'assistant',
          content: [
            { type: 'tool_use', id: 't', name: 'n', input: {}, caller: { type: 'direct' } },
          ],
        },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't', is_error: false }] },
      ],
      tools: [{ type: 'custom', name: 'n', input_schema: { type: 'object' } }],
      output_format: { type: 'json_schema', schema: {} },
    };
    expect(again(loud)).toEqual({
      ...HELLO,
      messages: [
        { role: 'user', content: 'Hi' },
        { role: 'assistant', content: [{ type: 'tool_use', id: 't', name: 'n', input: {} }] },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't' }] },
      ],
      tools: [{ name: 'n', input_schema: { type: 'object' } }],
      output_config: { format: { type: 'json_schema', schema: {} } },
    });
  });
});

const text = fc.string({ unit: 'binary', maxLength: 20 });
const name = fc.stringMatching(/^[a-zA-Z0-9_-]{1,12}$/);
const cache = fc.constantFrom(
  {},
  { cache_control: { type: 'ephemeral' } },
  { cache_control: { type: 'ephemeral', ttl: '1h' } },
);
const json = fc
  .jsonValue({ maxDepth: 2 })
  .map((value): JsonObject => JSON.parse(JSON.stringify({ value })));
const block = fc.oneof(
  fc.tuple(text, cache).map(([said, mark]) => Object.assign({ type: 'text', text: said }, mark)),
  fc
    .tuple(text, text)
    .map(([thinking, proof]) => ({ type: 'thinking', thinking, signature: `s${proof}` })),
  text.map((data) => ({ type: 'redacted_thinking', data })),
  fc
    .tuple(name, name, json, cache)
    .map(([id, of, input, mark]) => Object.assign({ type: 'tool_use', id, name: of, input }, mark)),
  fc.tuple(name, text, text).map(([id, one, two]) => ({
    type: 'tool_result',
    tool_use_id: id,
    content: [
      { type: 'text', text: one },
      { type: 'text', text: two },
    ],
    is_error: true,
  })),
  fc
    .tuple(text, text)
    .map(([data, title]) => ({ type: 'image', source: { type: 'url', url: data }, alt: title })),
  json.map((value) => ({ type: 'new_block', ...value })),
);
const message = fc.record({
  role: fc.constantFrom('user', 'assistant'),
  content: fc.oneof(text, fc.array(block, { minLength: 2, maxLength: 4 })),
});
const body = fc.record(
  {
    model: name,
    max_tokens: fc.nat(),
    messages: fc.array(message, { minLength: 1, maxLength: 4 }),
    system: text,
    temperature: fc.double({ min: 0, max: 1, noNaN: true }),
    tools: fc.array(fc.record({ name, input_schema: json, strict: fc.boolean() }), {
      minLength: 1,
      maxLength: 3,
    }),
    tool_choice: fc.record({
      type: fc.constantFrom('auto', 'any'),
      disable_parallel_tool_use: fc.boolean(),
    }),
    thinking: fc.oneof(
      fc.record({ type: fc.constant('enabled'), budget_tokens: fc.integer({ min: 1, max: 1e6 }) }),
      fc.record({
        type: fc.constant('adaptive'),
        display: fc.constantFrom('omitted', 'summarized'),
      }),
    ),
    output_config: fc.record(
      { effort: fc.constantFrom('low', 'max'), task_budget: json },
      { requiredKeys: ['effort'] },
    ),
    metadata: fc.record({ user_id: text }),
    stop_sequences: fc.array(text),
    context_management: json,
  },
  { requiredKeys: ['model', 'max_tokens', 'messages'] },
);

describe('requests of this dialect', () => {
  it('are written again as they were, whatever is in them', () => {
    fc.assert(
      fc.property(body, (sent) => {
        // -0 is 0 in JSON
        const said: JsonObject = JSON.parse(JSON.stringify(sent));
        expect(again(said)).toEqual(said);
      }),
    );
  });

  it('give a value or a refusal, whatever they are', () => {
    const hostile = fc.oneof(fc.jsonValue(), fc.constantFrom(...Object.values(FIXTURE)));
    const members = fc.dictionary(fc.constantFrom(...Object.keys(FIXTURE)), hostile);
    fc.assert(
      fc.property(members, (sent) => {
        const said: JsonObject = JSON.parse(JSON.stringify({ ...FIXTURE, ...sent }));
        const result = decodeRequest(said, HERE);
        const outcome = result.ok
          ? encodeRequest(result.value, new Drops())['model']
          : result.message;
        expect(outcome).toSatisfy(
          (told) =>
            result.ok || /^The parameter ".*" (is missing|must be .*)\.$/.test(String(told)),
        );
      }),
    );
  });
});
