import { describe, expect, it } from 'vitest';
import type { JsonObject, JsonValue } from '../json/value.ts';
import { chatCodec } from './codec.ts';

const HI = { role: 'user', content: 'Hi' } as const;

function decoded(body: JsonObject) {
  const result = chatCodec.decodeRequest({ model: 'm', ...body }, { model: null, stream: null });
  if (!result.ok) throw new Error(`${result.param}: ${result.message}`);
  return result.value;
}

const refusalOf = (body: JsonObject) =>
  chatCodec.decodeRequest({ model: 'm', ...body }, { model: null, stream: null });

const partsOf = (...messages: readonly JsonValue[]) =>
  decoded({ messages: [...messages] }).turns.map(({ parts }) => parts);

describe('a request of the Chat dialect', () => {
  it('may have its model from the path', () => {
    const body = { messages: [HI] };
    const result = chatCodec.decodeRequest(body, { model: 'from-path', stream: true });
    expect(result).toMatchObject({ ok: true, value: { model: 'from-path', stream: true } });
  });

  it('asks for the usage of a stream only where it says so', () => {
    const messages = [HI];
    expect(decoded({ messages }).includeUsage).toBe(true);
    expect(decoded({ messages, stream: true }).includeUsage).toBe(false);
    const told = { messages, stream: true, stream_options: { include_usage: true, x: 1 } };
    expect(decoded(told)).toMatchObject({
      includeUsage: true,
      extensions: { stream_options: { x: 1 } },
    });
  });

  it('has legacy functions, which are tools under another name', () => {
    const { tools, toolChoice, turns } = decoded({
      messages: [
        HI,
        { role: 'assistant', content: null, function_call: { name: 'f', arguments: '{}' } },
        { role: 'function', name: 'f', content: 'done' },
      ],
      functions: [{ name: 'f', parameters: { type: 'object' } }],
      function_call: { name: 'f' },
    });
    expect(tools).toMatchObject([{ kind: 'function', name: 'f', parameters: { type: 'object' } }]);
    expect(toolChoice).toEqual({ kind: 'tool', name: 'f' });
    const [call] = turns[1]?.parts ?? [];
    const [result] = turns[2]?.parts ?? [];
    if (call?.kind !== 'tool_call' || result?.kind !== 'tool_result') throw new Error('no call');
    expect(result).toMatchObject({ callId: call.id, name: 'f', content: [{ text: 'done' }] });
  });

  it('puts results in a row into one turn, and keeps what follows apart', () => {
    const result = (id: string) => ({ role: 'tool', tool_call_id: id, content: id });
    const { turns } = decoded({ messages: [HI, result('a'), result('b'), HI, result('c')] });
    expect(turns.map(({ parts }) => parts.map(({ kind }) => kind))).toEqual([
      ['text'],
      ['tool_result', 'tool_result'],
      ['text'],
      ['tool_result'],
    ]);
  });

  it.each<[string, JsonValue, object]>([
    ['text', { type: 'text', text: 'a' }, { kind: 'text', text: 'a' }],
    [
      'an image in the request',
      { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA', detail: 'low' } },
      {
        kind: 'image',
        source: { kind: 'base64', mediaType: 'image/png', data: 'AAAA' },
        detail: 'low',
      },
    ],
    [
      'a linked image',
      { type: 'image_url', image_url: 'https://a.example/b.png' },
      { kind: 'image', source: { kind: 'url', url: 'https://a.example/b.png', mediaType: null } },
    ],
    [
      'sound',
      { type: 'input_audio', input_audio: { data: 'AAAA', format: 'mp3' } },
      { kind: 'audio', source: { kind: 'base64', mediaType: 'audio/mpeg', data: 'AAAA' } },
    ],
    [
      'a film',
      { type: 'video_url', video_url: { url: 'https://a.example/b.mp4' } },
      { kind: 'video', source: { kind: 'url', url: 'https://a.example/b.mp4' } },
    ],
    [
      'a file in the request',
      { type: 'file', file: { file_data: 'data:text/csv;base64,AAAA', filename: 'a.csv' } },
      { kind: 'file', name: 'a.csv', source: { kind: 'base64', mediaType: 'text/csv' } },
    ],
    [
      'a PDF without its type',
      { type: 'file', file: { file_data: 'AAAA' } },
      { kind: 'file', name: null, source: { kind: 'base64', mediaType: 'application/pdf' } },
    ],
    [
      'an upload',
      { type: 'file', file: { file_id: 'file-1' } },
      { kind: 'file', source: { kind: 'id', id: 'file-1', origin: 'openai-chat' } },
    ],
    [
      'a cache mark',
      { type: 'text', text: 'a', cache_control: { type: 'ephemeral', ttl: '1h' } },
      { kind: 'text', cache: { ttl: '1h' } },
    ],
    [
      'a block of a kind that came later',
      { type: 'hologram', layers: 3 },
      { kind: 'foreign', name: 'hologram', value: { type: 'hologram', layers: 3 } },
    ],
  ])('may hold %s', (_name, block, part) => {
    expect(partsOf({ role: 'user', content: [block] })).toMatchObject([[part]]);
  });

  it('takes a cache mark on a message for one on the last of its content', () => {
    const mark = { cache_control: { type: 'ephemeral' } };
    const content = [
      { type: 'text', text: 'a' },
      { type: 'text', text: 'b' },
    ];
    const [spoken, said] = partsOf(
      { role: 'system', content, ...mark },
      { role: 'assistant', content: 'c', ...mark },
    );
    expect(spoken).toMatchObject([{ cache: null }, { text: 'b', cache: { ttl: null } }]);
    expect(said).toMatchObject([{ text: 'c', cache: { ttl: null } }]);
  });

  it('keeps members it does not know beside what they belong to', () => {
    const block = { type: 'text', text: 'a', prompt_cache_breakpoint: { mode: 'explicit' } };
    expect(partsOf({ role: 'user', content: [block], weight: 2 })).toMatchObject([
      [
        { kind: 'text', text: 'a' },
        { kind: 'foreign', name: 'text.prompt_cache_breakpoint', value: { mode: 'explicit' } },
        { kind: 'foreign', name: 'message.weight', value: 2 },
      ],
    ]);
  });

  it('tells thoughts of earlier turns in any of the ways there are', () => {
    const thought = { kind: 'thinking', text: 'hm', signature: null, sealed: null };
    const chunk = { type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] };
    for (const told of [
      { reasoning_content: 'hm', content: null },
      { reasoning: 'hm', content: '' },
      { reasoning_details: [{ type: 'reasoning.summary', summary: 'hm' }], reasoning: 'hm' },
      { content: [chunk] },
    ]) {
      expect(partsOf({ role: 'assistant', ...told })).toMatchObject([[thought]]);
    }
  });

  it('joins a sealed thought with its summary, and a proof with the text told apart from it', () => {
    const summary = { type: 'reasoning.summary', summary: 'hm', id: 'rs_1' };
    const sealed = { type: 'reasoning.encrypted', data: 'c2Vh', id: 'rs_1' };
    const proof = { type: 'reasoning.text', text: '', signature: 'c2ln' };
    expect(
      partsOf(
        { role: 'assistant', content: 'a', reasoning_details: [summary, sealed] },
        { role: 'assistant', content: 'a', reasoning_content: 'hm', reasoning_details: [proof] },
      ),
    ).toMatchObject([
      [{ text: 'hm', id: 'rs_1', sealed: { origin: 'openai-chat', value: 'c2Vh' } }, {}],
      [{ text: 'hm', signature: { origin: 'openai-chat', value: 'c2ln' } }, {}],
    ]);
  });

  it('joins the pieces of a thought as they were streamed, and keeps the next one apart', () => {
    const piece = (index: number, text: string, more: JsonObject = {}): JsonObject => ({
      type: 'reasoning.text',
      text,
      index,
      ...more,
    });
    const reasoning_details = [
      piece(0, 'h'),
      piece(0, 'm'),
      piece(0, '', { signature: 'c2ln' }),
      piece(1, 'so'),
    ];
    expect(partsOf({ role: 'assistant', content: 'a', reasoning_details })).toMatchObject([
      [
        { text: 'hm', signature: { value: 'c2ln' } },
        { text: 'so', signature: null },
        { kind: 'text' },
      ],
    ]);
  });

  it.each<[JsonObject, object]>([
    [{ reasoning_effort: 'high' }, { effort: 'high', budgetTokens: null }],
    [{ reasoning: { max_tokens: 99 } }, { effort: null, budgetTokens: 99 }],
    [{ reasoning: { effort: 'low', exclude: true } }, { effort: 'low', show: false }],
    [{ reasoning: { enabled: true } }, { effort: 'medium' }],
    [{ reasoning: { enabled: false } }, { effort: 'none' }],
  ])('asks for thinking by %j', (body, reasoning) => {
    expect(decoded({ messages: [HI], ...body }).reasoning).toMatchObject(reasoning);
  });

  it('leaves an effort that only one host knows to that host', () => {
    const { reasoning, extensions } = decoded({ messages: [HI], reasoning_effort: 'default' });
    expect([reasoning, extensions]).toEqual([null, { reasoning_effort: 'default' }]);
  });

  it.each<[JsonObject, string, string]>([
    [{}, 'messages', 'missing_parameter'],
    [{ messages: [] }, 'messages', 'invalid_parameter'],
    [{ messages: 'Hi' }, 'messages', 'invalid_parameter'],
    [{ messages: [7] }, 'messages[0]', 'invalid_parameter'],
    [{ messages: [{ content: 'Hi' }] }, 'messages[0].role', 'missing_parameter'],
    [{ messages: [{ role: 'ape', content: 'Hi' }] }, 'messages[0].role', 'invalid_parameter'],
    [{ messages: [{ role: 'user' }] }, 'messages[0].content', 'missing_parameter'],
    [{ messages: [HI, { role: 'user', content: 7 }] }, 'messages[1].content', 'invalid_parameter'],
    [
      { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 7 } }] }] },
      'messages[0].content[0].image_url.url',
      'invalid_parameter',
    ],
    [
      { messages: [{ role: 'user', content: [{ type: 'file', file: {} }] }] },
      'messages[0].content[0].file.file_data',
      'missing_parameter',
    ],
    [
      { messages: [{ role: 'assistant', tool_calls: [{ id: 'a', function: {} }] }] },
      'messages[0].tool_calls[0].function.name',
      'missing_parameter',
    ],
    [
      { messages: [{ role: 'assistant', tool_calls: [{ id: '', function: { name: 'f' } }] }] },
      'messages[0].tool_calls[0].id',
      'invalid_parameter',
    ],
    [
      { messages: [{ role: 'tool', content: 'a' }] },
      'messages[0].tool_call_id',
      'missing_parameter',
    ],
    [{ messages: [HI], temperature: 'hot' }, 'temperature', 'invalid_parameter'],
    [{ messages: [HI], max_tokens: -1 }, 'max_tokens', 'invalid_parameter'],
    [{ messages: [HI], stop: ['a', 7] }, 'stop[1]', 'invalid_parameter'],
    [{ messages: [HI], logit_bias: { a: 'b' } }, 'logit_bias.a', 'invalid_parameter'],
    [{ messages: [HI], metadata: { a: 1 } }, 'metadata.a', 'invalid_parameter'],
    [{ messages: [HI], tools: [{ type: 'function' }] }, 'tools[0].function', 'missing_parameter'],
    [{ messages: [HI], tool_choice: 7 }, 'tool_choice', 'invalid_parameter'],
    [
      { messages: [HI], tool_choice: { type: 'function', function: {} } },
      'tool_choice.function.name',
      'missing_parameter',
    ],
    [
      { messages: [HI], response_format: { type: 'json_schema' } },
      'response_format.json_schema',
      'missing_parameter',
    ],
    [{ messages: [HI], model: '' }, 'model', 'missing_parameter'],
  ])('is refused by the place that is wrong: %j', (body, param, code) => {
    expect(refusalOf(body)).toMatchObject({ ok: false, param, code });
  });
});
