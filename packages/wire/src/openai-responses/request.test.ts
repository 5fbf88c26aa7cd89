import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Part } from '../canonical/content.ts';
import { textPart } from '../canonical/content.ts';
import { Drops } from '../canonical/drops.ts';
import type { CanonicalRequest } from '../canonical/request.ts';
import { SAMPLE_REQUESTS, sampleRequest } from '../canonical/samples.contract.ts';
import { toolCall, toolResult, turn } from '../canonical/sample-parts.contract.ts';
import type { JsonObject, JsonValue } from '../json/value.ts';
import { responsesCodec as codec } from './codec.ts';
import { sealProof } from './reasoning-item.ts';

const FIXTURE = JSON.parse(
  readFileSync(new URL('./fixtures/request.json', import.meta.url), 'utf8'),
) as JsonObject;
const NOWHERE = { model: null, stream: null };

function decode(body: JsonObject): CanonicalRequest {
  const request = codec.decodeRequest(body, NOWHERE);
  if (!request.ok) throw new Error(request.message);
  return request.value;
}

function encode(request: CanonicalRequest): { body: JsonObject; dropped: readonly string[] } {
  const drops = new Drops();
  const body = codec.encodeRequest(request, drops);
  return { body, dropped: drops.names };
}

const ask = (more: JsonObject = {}): JsonObject => ({ model: 'gpt-5', input: 'Hi', ...more });
const asItem = (role: string, content: JsonValue): JsonObject => ({
  type: 'message',
  role,
  content,
});

describe('a request in the Responses dialect', () => {
  it('comes back as it was', () => {
    expect(encode(decode(FIXTURE))).toEqual({ body: FIXTURE, dropped: [] });
  });

  it('keeps items of the model in one turn and tool results in one', () => {
    const { turns } = decode(FIXTURE);
    expect(turns.map(({ role, parts }) => [role, ...parts.map(({ kind }) => kind)])).toEqual([
      ['system', 'text'],
      ['developer', 'text'],
      ['user', 'text', 'image', 'image', 'image', 'file', 'foreign', 'file', 'audio', 'foreign'],
      [
        'assistant',
        'thinking',
        'thinking',
        'thinking',
        'text',
        'foreign',
        'tool_call',
        'foreign',
        'tool_call',
      ],
      ['user', 'tool_result', 'tool_result'],
      ['assistant', 'foreign', 'text', 'refusal', 'foreign'],
      ['user', 'text'],
    ]);
  });

  it('reads what has a canonical place', () => {
    expect(decode(FIXTURE)).toMatchObject({
      stream: true,
      toolChoice: { kind: 'allowed', names: ['get_weather', 'run_sql'], required: false },
      parallelToolCalls: false,
      output: { kind: 'json_schema', name: 'pets', strict: true },
      verbosity: 'low',
      sampling: {
        maxOutputTokens: 300,
        temperature: 0.5,
        topP: 0.9,
        topLogprobs: 2,
        logprobs: true,
      },
      reasoning: { effort: 'low', summary: 'concise', show: true },
      user: 'user-7',
      metadata: { team: 'blue' },
      store: false,
    });
  });

  it('names what rides along by what others drop', () => {
    const { extensions, turns } = decode(FIXTURE);
    expect(Object.keys(extensions).toSorted()).toEqual([
      'background',
      'conversation',
      'include',
      'max_tool_calls',
      'prompt_cache_retention',
      'reasoning',
      'safety_identifier',
      'tools',
      'truncation',
    ]);
    const parts = turns.flatMap((entry) => entry.parts);
    expect(parts.flatMap((part) => (part.kind === 'foreign' ? [part.name] : []))).toEqual([
      'input_file.detail',
      'input_hologram',
      'message.phase',
      'function_call.namespace',
      'web_search_call',
      'item_reference',
    ]);
  });

  it.each<[string, JsonObject, JsonObject]>([
    ['a string is a message', ask(), ask({ input: [asItem('user', 'Hi')] })],
    [
      'a list of one plain text is a string',
      ask({ input: [{ role: 'user', content: [{ type: 'input_text', text: 'Hi' }] }] }),
      ask({ input: [asItem('user', 'Hi')] }),
    ],
    [
      'a system message at the head is instructions',
      ask({ input: [asItem('system', 'Be brief.'), asItem('user', 'Hi')] }),
      ask({ instructions: 'Be brief.', input: [asItem('user', 'Hi')] }),
    ],
    [
      'ids and states of messages and calls are left out',
      ask({
        input: [
          {
            id: 'msg_1',
            status: 'completed',
            ...asItem('assistant', [
              { type: 'output_text', text: 'A', annotations: [], logprobs: [] },
            ]),
          },
          {
            type: 'function_call',
            id: 'fc_1',
            status: 'completed',
            call_id: 'c',
            name: 'f',
            arguments: '{}',
            caller: { type: 'direct' },
          },
        ],
      }),
      ask({
        input: [
          asItem('assistant', 'A'),
          { type: 'function_call', call_id: 'c', name: 'f', arguments: '{}' },
        ],
      }),
    ],
    [
      'a reference may go without a type',
      ask({ input: [{ id: 'msg_1' }] }),
      ask({ input: [{ id: 'msg_1' }] }),
    ],
    [
      'what every dialect does anyway is not said',
      ask({
        truncation: 'disabled',
        background: false,
        stream: false,
        temperature: null,
        stream_options: { include_obfuscation: false },
      }),
      ask({ input: [asItem('user', 'Hi')] }),
    ],
    [
      'safety_identifier alone is the user',
      ask({ safety_identifier: 'u' }),
      ask({ input: [asItem('user', 'Hi')], user: 'u' }),
    ],
  ])('is written in one way: %s', (_, body, expected) => {
    const { include: __, ...written } = encode(decode(body)).body;
    expect(written).toEqual(expected);
  });

  it('keeps unknown kinds of settings', () => {
    const body = ask({
      input: [asItem('user', 'Hi')],
      text: { format: { type: 'grammar', definition: 'x' }, later: 1 },
      reasoning: { effort: 'colossal', mode: 'pro' },
      tool_choice: { type: 'mcp', server_label: 'wiki' },
      later: { x: 1 },
    });
    const { include: __, ...written } = encode(decode(body)).body;
    expect(written).toEqual(body);
  });

  it.each<[string, JsonObject, string]>([
    ['no input', { model: 'm' }, 'input'],
    ['no model', { input: 'Hi' }, 'model'],
    ['input', ask({ input: 7 }), 'input'],
    ['an item', ask({ input: [7] }), 'input[0]'],
    ['an item of no kind', ask({ input: [{}] }), 'input[0].type'],
    ['a role', ask({ input: [asItem('critic', 'Hi')] }), 'input[0].role'],
    ['content', ask({ input: [asItem('user', 7)] }), 'input[0].content'],
    [
      'a block',
      ask({ input: [asItem('user', [{ type: 'input_text' }])] }),
      'input[0].content[0].text',
    ],
    [
      'an image',
      ask({ input: [asItem('user', [{ type: 'input_image' }])] }),
      'input[0].content[0].image_url',
    ],
    [
      'a file',
      ask({ input: [asItem('user', [{ type: 'input_file' }])] }),
      'input[0].content[0].file_data',
    ],
    [
      'audio',
      ask({ input: [asItem('user', [{ type: 'input_audio', input_audio: {} }])] }),
      'input[0].content[0].input_audio.format',
    ],
    [
      'a call',
      ask({ input: [{ type: 'function_call', call_id: 'c', name: 'f' }] }),
      'input[0].arguments',
    ],
    [
      'a result',
      ask({ input: [{ type: 'function_call_output', call_id: 'c' }] }),
      'input[0].output',
    ],
    [
      'a block in a result',
      ask({
        input: [
          {
            type: 'function_call_output',
            call_id: 'c',
            output: [{ type: 'refusal', refusal: 'x' }],
          },
        ],
      }),
      'input[0].output[0].type',
    ],
    [
      'a seal',
      ask({ input: [{ type: 'reasoning', encrypted_content: 7 }] }),
      'input[0].encrypted_content',
    ],
    ['a tool', ask({ tools: [{ type: 'function' }] }), 'tools[0].name'],
    ['tool_choice', ask({ tool_choice: 7 }), 'tool_choice'],
    [
      'a schema',
      ask({ text: { format: { type: 'json_schema', name: 'x' } } }),
      'text.format.schema',
    ],
    ['metadata', ask({ metadata: { a: 1 } }), 'metadata.a'],
    ['max_output_tokens', ask({ max_output_tokens: 0.5 }), 'max_output_tokens'],
    ['instructions', ask({ instructions: ['x'] }), 'instructions'],
  ])('is refused by the path of what is wrong: %s', (_, body, param) => {
    expect(codec.decodeRequest(body, NOWHERE)).toMatchObject({ ok: false, param });
  });

  it('needs no input where a store has it', () => {
    for (const name of ['previous_response_id', 'conversation']) {
      expect(codec.decodeRequest({ model: 'm', [name]: 'x' }, NOWHERE).ok).toBe(true);
    }
  });

  it('never throws, whatever comes', () => {
    const value = fc.letrec<{ value: JsonValue }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom(
          'message',
          'function_call',
          'reasoning',
          'function',
          'user',
          'input_text',
          null,
          7,
          true,
        ),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(
          fc.constantFrom(
            'type',
            'role',
            'content',
            'text',
            'name',
            'call_id',
            'arguments',
            'output',
            'summary',
            'format',
            '__proto__',
          ),
          tie('value'),
        ),
      ),
    })).value;
    const member = fc.constantFrom(
      'input',
      'tools',
      'tool_choice',
      'text',
      'reasoning',
      'include',
      'metadata',
      'model',
    );
    fc.assert(
      fc.property(fc.dictionary(member, value), (members) => {
        const request = codec.decodeRequest({ ...members }, { model: 'm', stream: null });
        if (request.ok) codec.encodeRequest(request.value, new Drops());
      }),
    );
  });

  const text = fc.string({ minLength: 1 });
  const message = fc.oneof(
    fc.record({
      type: fc.constant('message'),
      role: fc.constantFrom('user', 'developer', 'assistant'),
      content: text,
    }),
    fc.record({
      type: fc.constant('message'),
      role: fc.constant('user'),
      content: fc.array(
        fc.oneof(
          fc.record({ type: fc.constant('input_text'), text }),
          fc.record({ type: fc.constant('input_image'), image_url: fc.webUrl() }),
          fc.record({ type: fc.constant('input_file'), file_id: text, later: text }),
        ),
        { minLength: 2, maxLength: 4 },
      ),
    }),
  );
  const item = fc.oneof(
    message,
    fc.record({
      type: fc.constant('function_call'),
      call_id: text,
      name: text,
      arguments: text,
      later: text,
    }),
    fc.record({ type: fc.constant('function_call_output'), call_id: text, output: text }),
    fc.record({
      type: fc.constant('reasoning'),
      id: fc.uuid(),
      summary: fc.array(fc.record({ type: fc.constant('summary_text'), text }), { maxLength: 3 }),
      encrypted_content: text,
    }),
    fc.record({ type: fc.constantFrom('web_search_call', 'computer_call_output'), id: text }),
  );

  it('loses nothing of any conversation', () => {
    fc.assert(
      fc.property(fc.array(item, { maxLength: 10 }), (input) => {
        const body = { model: 'gpt-4.1', input: input as unknown as JsonValue };
        expect(encode(decode(body))).toEqual({ body, dropped: [] });
      }),
    );
  });
});

describe('a request of another dialect, for a Responses provider', () => {
  const DROPPED: Readonly<Record<string, readonly string[]>> = {
    'turns of one role in a row': ['name'],
    video: ['video'],
    'parallel tool calls and their results': ['is_error'],
    'two choices with logprobs': ['n'],
    'every sampling parameter': [
      'top_k',
      'stop',
      'frequency_penalty',
      'presence_penalty',
      'seed',
      'logit_bias',
      'n',
    ],
    'everything beside the conversation': ['web_search_options', 'modalities'],
    'block that only its origin knows': ['hologram'],
    'cache marks': ['cache_control'],
    'thinking signed by openai-chat': ['thinking'],
    'thinking signed by anthropic-messages': ['thinking'],
    'thinking signed by gemini': ['thinking'],
    'thinking signed by bedrock-converse': ['thinking'],
    'thinking signed by openai-responses': ['thinking'],
  };

  it.each([...SAMPLE_REQUESTS])('names what is lost: %s', (name, request) => {
    const { body, dropped } = encode(request);
    expect(dropped).toEqual(DROPPED[name] ?? []);
    expect(body).toMatchObject({ store: false });
    expect(JSON.parse(JSON.stringify(body))).toEqual(body);
  });

  it('says strict, as silence would mean something else here', () => {
    const request = SAMPLE_REQUESTS.get('tools');
    expect(encode(request ?? sampleRequest([])).body['tools']).toMatchObject([
      { type: 'function', name: 'get_weather', strict: false },
      { type: 'function', name: 'get_time', strict: true },
    ]);
  });

  it('writes calls of free text and their results by their own types', () => {
    const request = SAMPLE_REQUESTS.get('custom tool');
    expect(encode(request ?? sampleRequest([])).body['input']).toMatchObject([
      { type: 'message' },
      { type: 'custom_tool_call', call_id: 'call_c', name: 'run_sql', input: 'select 1;\n' },
      { type: 'custom_tool_call_output', call_id: 'call_c', output: '1' },
    ]);
  });

  it.each<[string, Partial<CanonicalRequest>, boolean]>([
    ['gpt-5', {}, true],
    ['openai/o3-mini', {}, true],
    ['gpt-4.1', {}, false],
    ['gpt-5-chat-latest', {}, false],
    ['gpt-4o', { reasoning: reasoning('low') }, true],
    ['gpt-5', { reasoning: reasoning('none') }, false],
    ['gpt-50x', {}, true],
    ['gpt-500', {}, false],
  ])('asks %s for encrypted reasoning only where it reasons', (model, more, asked) => {
    const { body } = encode({ ...sampleRequest([turn('user', textPart('Hi'))]), model, ...more });
    expect(body['include'] ?? []).toEqual(asked ? ['reasoning.encrypted_content'] : []);
  });

  it.each<[Partial<NonNullable<CanonicalRequest['reasoning']>>, JsonObject]>([
    [{ budgetTokens: 2048 }, { effort: 'medium' }],
    [{ budgetTokens: 0 }, { effort: 'none' }],
    [{ budgetTokens: -1, show: true }, { summary: 'auto' }],
    [{ adaptive: true }, {}],
    [
      { effort: 'high', summary: 'detailed' },
      { effort: 'high', summary: 'detailed' },
    ],
  ])('thinks as much: %o', (of, expected) => {
    const request = { ...sampleRequest([]), reasoning: { ...reasoning(null), ...of } };
    expect(encode(request).body['reasoning']).toEqual(expected);
  });

  it('hands the provider its own thoughts back, with what was told of them', () => {
    const sealed = { origin: 'openai-responses', value: 'gAAA' } as const;
    const thought = { kind: 'thinking', signature: null, sealed: null, id: null } as const;
    const parts: Part[] = [
      { ...thought, text: 'One.' },
      { ...thought, text: '', sealed },
      { ...thought, text: 'Unproven.' },
      textPart('So.'),
    ];
    const { body, dropped } = encode(sampleRequest([turn('assistant', ...parts)]));
    expect(dropped).toEqual(['thinking']);
    expect(body['input']).toEqual([
      {
        type: 'reasoning',
        summary: [{ type: 'summary_text', text: 'One.' }],
        encrypted_content: 'gAAA',
      },
      asItem('assistant', 'So.'),
    ]);
  });

  it('flattens the grammar of a Chat tool', () => {
    const tool = {
      kind: 'custom',
      name: 'q',
      description: null,
      parameters: null,
      strict: null,
      cache: null,
      extensions: { format: { type: 'grammar', grammar: { syntax: 'lark', definition: 'x' } } },
    } as const;
    const { body, dropped } = encode({ ...sampleRequest([]), tools: [tool] });
    expect(dropped).toEqual([]);
    expect(body['tools']).toEqual([
      { type: 'custom', name: 'q', format: { type: 'grammar', syntax: 'lark', definition: 'x' } },
    ]);
  });

  it('calls without arguments with an empty object, and keeps a schema without a name', () => {
    const output = {
      kind: 'json_schema',
      name: null,
      description: null,
      schema: {},
      strict: null,
    } as const;
    const { body } = encode({
      ...sampleRequest([turn('assistant', toolCall('c', 'f', ''))]),
      output,
    });
    expect(body['input']).toMatchObject([{ arguments: '{}' }]);
    expect(body['text']).toEqual({ format: { type: 'json_schema', name: 'answer', schema: {} } });
  });
});

describe('a foreign proof that a caller hands back', () => {
  const signature = { origin: 'gemini', value: 'c2ln' } as const;
  const item = (encrypted_content: string, summary: JsonValue = []): JsonObject => ({
    type: 'reasoning',
    id: 'rs_1',
    summary,
    encrypted_content,
  });
  const call = { type: 'function_call', call_id: 'a;b', name: 'f', arguments: '{}' };

  it('goes to the thought beside it', () => {
    const summary = [
      { type: 'summary_text', text: 'One.' },
      { type: 'summary_text', text: 'Two.' },
    ];
    const [first] = decode(
      ask({ input: [item(sealProof({ of: 'thought', signature }), summary)] }),
    ).turns;
    expect(first?.parts).toMatchObject([
      { text: 'One.', signature: null },
      { text: 'Two.', signature },
    ]);
  });

  it('stays a whole sealed thought', () => {
    const [first] = decode(ask({ input: [item(sealProof({ of: 'sealed', signature }))] })).turns;
    expect(first?.parts).toMatchObject([{ text: '', signature: null, sealed: signature }]);
  });

  it('goes to the call and the text that it signed', () => {
    const input = [
      asItem('assistant', 'Well.'),
      item(sealProof({ of: 'text', signature })),
      call,
      { ...call, call_id: 'other' },
      item(sealProof({ of: 'call', callId: 'a;b', signature })),
    ];
    expect(decode(ask({ input })).turns).toMatchObject([
      {
        parts: [{ kind: 'text', signature }, { kind: 'tool_call', signature }, { signature: null }],
      },
    ]);
  });

  it('is passed over where what it signed is gone', () => {
    const input = [asItem('user', 'Hi'), item(sealProof({ of: 'call', callId: 'x', signature }))];
    expect(decode(ask({ input })).turns).toMatchObject([{ role: 'user' }]);
  });

  it.each([
    'Keywell/gemi',
    'Keywell/gemic',
    'Keywell/gemic9;a',
    'Keywell/gemicx;a',
    'Keywell/gemiz',
    'Keywell/',
  ])('is no more than a sealed thought where it is malformed: %s', (encrypted) => {
    const [first] = decode(ask({ input: [item(encrypted)] })).turns;
    expect(first?.parts).toMatchObject([{ kind: 'thinking', text: '' }]);
  });

  it('holds through results of tools', () => {
    const { body } = encode(sampleRequest([turn('user', toolResult('c', textPart('ok')))]));
    expect(body['input']).toEqual([{ type: 'function_call_output', call_id: 'c', output: 'ok' }]);
  });
});

function reasoning(effort: 'low' | 'none' | null): NonNullable<CanonicalRequest['reasoning']> {
  return { effort, budgetTokens: null, adaptive: false, show: null, summary: null };
}
