import { describe, expect, it } from 'vitest';
import { textPart, type Part } from '../canonical/content.ts';
import type { CanonicalRequest } from '../canonical/request.ts';
import { SAMPLE_REQUESTS, sampleRequest } from '../canonical/samples.contract.ts';
import { toolCall, toolResult, turn } from '../canonical/sample-parts.contract.ts';
import type { JsonObject } from '../json/value.ts';
import { asItem, encodeRequest as encode } from './requests.contract.ts';

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

  it('writes the result of a tool that is one text as a string', () => {
    const { body } = encode(sampleRequest([turn('user', toolResult('c', textPart('ok')))]));
    expect(body['input']).toEqual([{ type: 'function_call_output', call_id: 'c', output: 'ok' }]);
  });
});

function reasoning(effort: 'low' | 'none' | null): NonNullable<CanonicalRequest['reasoning']> {
  return { effort, budgetTokens: null, adaptive: false, show: null, summary: null };
}
