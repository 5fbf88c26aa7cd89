import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonObject, JsonValue } from '../json/value.ts';
import { responsesCodec as codec } from './codec.ts';
import { listOf, readJsonFixture } from './fixtures.contract.ts';
import {
  ask,
  asItem,
  decodeRequest as decode,
  encodeRequest as encode,
  NOWHERE,
} from './requests.contract.ts';

const FIXTURE = readJsonFixture('request');

describe('a request in the Responses dialect', () => {
  it('comes back as it was', () => {
    expect(encode(decode(FIXTURE))).toEqual({ body: FIXTURE, dropped: [] });
  });

  it('keeps items of the model in one turn and tool results in one', () => {
    const { turns } = decode(FIXTURE);
    const kinds = turns.map(({ role, parts }) => {
      const names: string[] = parts.map(({ kind }) => kind);
      return `${role}: ${names.join(' ')}`;
    });
    expect(kinds).toEqual([
      'system: text',
      'developer: text',
      'user: text image image image file foreign file audio foreign',
      'assistant: thinking thinking thinking text foreign tool_call foreign tool_call',
      'user: tool_result tool_result',
      'assistant: foreign text refusal foreign',
      'user: text',
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
        const model = request.ok ? encode(request.value).body['model'] : null;
        expect([null, 'm', members['model']]).toContain(model);
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
        const body = { model: 'gpt-4.1', input: listOf(input) };
        expect(encode(decode(body))).toEqual({ body, dropped: [] });
      }),
    );
  });
});
