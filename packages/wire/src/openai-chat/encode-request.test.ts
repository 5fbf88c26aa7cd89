import { describe, expect, it } from 'vitest';
import { DIALECTS } from '../canonical/dialect.ts';
import { Drops } from '../canonical/drops.ts';
import { textPart, type Part } from '../canonical/content.ts';
import type { CanonicalRequest } from '../canonical/request.ts';
import {
  PIXEL_IMAGE,
  sealedThinking,
  thinking,
  toolCall,
  toolResult,
  turn,
  WEATHER_TOOL,
} from '../canonical/sample-parts.contract.ts';
import { SAMPLE_REQUESTS, sampleRequest } from '../canonical/samples.contract.ts';
import { isJsonArray, type JsonValue } from '../json/value.ts';
import { chatCodec } from './codec.ts';
import { CHAT_ENCODE_DEFAULTS, type ChatEncodeOptions } from './encode-options.ts';

function encoded(request: CanonicalRequest, options?: Partial<ChatEncodeOptions>) {
  const drops = new Drops();
  const body = chatCodec.encodeRequest(request, drops, { ...CHAT_ENCODE_DEFAULTS, ...options });
  const messages = body['messages'];
  if (!isJsonArray(messages)) throw new Error('no messages');
  return { body, messages, drops: drops.names };
}

const foreign = (request: CanonicalRequest): CanonicalRequest => ({
  ...request,
  origin: 'anthropic-messages',
});
const asking = (of: Partial<CanonicalRequest>) =>
  foreign(sampleRequest([turn('user', textPart('Hi'))], of));
const saying = (...parts: readonly Part[]) => foreign(sampleRequest([turn('user', ...parts)]));
const REASONING = {
  effort: null,
  budgetTokens: null,
  adaptive: false,
  show: null,
  summary: null,
};

describe('a conversation of another dialect, sent to a host of this one', () => {
  it.each([...SAMPLE_REQUESTS])('is a body that decodes to what it was: %s', (_name, request) => {
    const { body } = encoded(request);
    const again = chatCodec.decodeRequest(body, { model: null, stream: null });
    if (!again.ok) throw new Error(again.message);
    expect(again.value.turns.flatMap(({ parts }) => parts).length).toBeGreaterThan(0);
    expect(encoded(again.value).body).toEqual(body);
  });

  it.each<[string, readonly string[]]>([
    ['text', []],
    ['system in the middle', []],
    ['parallel tool calls and their results', ['is_error']],
    ['tool result with an image', []],
    ['file by URL', ['file']],
    ['file by id', []],
    ['cache marks', ['cache_control']],
    ['every sampling parameter', ['top_k']],
    ['thinking by budget', []],
    ['thinking as the model likes', ['reasoning_summary']],
    ['everything beside the conversation', ['web_search_options']],
    ['thinking signed by openai-chat', ['thinking']],
    ['thinking signed by gemini', ['thinking']],
  ])('names what is lost of it: %s', (name, names) => {
    const request = SAMPLE_REQUESTS.get(name);
    if (request === undefined) throw new Error('no such sample');
    expect(encoded(foreign(request)).drops).toEqual(names);
  });

  it('has each result in a message of its own, then what the user added, with the pictures', () => {
    const { messages } = encoded(
      saying(
        textPart('Well?'),
        toolResult('a', textPart('1'), textPart('2')),
        toolResult('b', PIXEL_IMAGE),
      ),
    );
    const image = { type: 'image_url', image_url: { url: expect.stringMatching(/^data:image/) } };
    expect(messages).toEqual([
      { role: 'tool', tool_call_id: 'a', content: '1\n2' },
      { role: 'tool', tool_call_id: 'b', content: '' },
      { role: 'user', content: [{ type: 'text', text: 'Well?' }, image] },
    ]);
  });

  it('has one message for what the assistant said, thought and called', () => {
    const { messages } = encoded(
      foreign(
        sampleRequest([
          turn('assistant', textPart('a'), toolCall('id', 'f', '{}'), textPart('b')),
          turn('assistant', toolCall('id2', 'run_sql', 'select 1')),
        ]),
      ),
    );
    const call = { id: 'id', type: 'function', function: { name: 'f', arguments: '{}' } };
    const custom = { id: 'id2', type: 'custom', custom: { name: 'run_sql', input: 'select 1' } };
    expect(messages).toEqual([
      { role: 'assistant', content: 'ab', tool_calls: [call] },
      { role: 'assistant', content: null, tool_calls: [custom] },
    ]);
  });

  it('never shows a host the proof of another provider', () => {
    for (const origin of DIALECTS.filter((dialect) => dialect !== 'openai-chat')) {
      const request = SAMPLE_REQUESTS.get(`thinking signed by ${origin}`);
      if (request === undefined) throw new Error('no such sample');
      for (const way of ['reasoning_content', 'reasoning_details', null] as const) {
        const text = JSON.stringify(encoded(request, { thinking: way }).body);
        expect(text).not.toMatch(/c2lnbmVk|c2VhbGVk|Y2FsbA|Keywell/);
      }
    }
  });

  it('hands thoughts without a foreign proof to a host that wants them', () => {
    const own = { origin: 'openai-chat', value: 'c2ln' } as const;
    const request = foreign(
      sampleRequest([
        turn('assistant', thinking('bare', null), thinking('own', own), sealedThinking(own)),
      ]),
    );
    expect(encoded(request).drops).toEqual(['thinking']);
    const text = encoded(request, { thinking: 'reasoning_content' });
    expect(text.messages).toEqual([
      { role: 'assistant', content: '', reasoning_content: 'bareown' },
    ]);
    const { messages } = encoded(request, { thinking: 'reasoning_details' });
    expect(messages).toMatchObject([
      {
        reasoning_details: [
          { type: 'reasoning.text', text: 'bare', index: 0 },
          { type: 'reasoning.text', text: 'own', signature: 'c2ln', index: 1 },
          { type: 'reasoning.encrypted', data: 'c2ln', index: 2 },
        ],
      },
    ]);
  });

  it('sends a text file as the text it is, and any other with a name', () => {
    const file = (mediaType: string, data: string): Part => ({
      kind: 'file',
      source: { kind: 'base64', mediaType, data },
      name: null,
      cache: null,
    });
    const { messages } = encoded(
      saying(file('text/plain', btoa('a,b')), file('application/pdf', 'AAAA'), file('text/x', '?')),
    );
    const pdf = { filename: 'file.pdf', file_data: 'data:application/pdf;base64,AAAA' };
    expect(messages).toMatchObject([
      { content: [{ type: 'text', text: 'a,b' }, { file: pdf }, { type: 'file' }] },
    ]);
  });

  it.each<[string, Partial<CanonicalRequest>, Partial<ChatEncodeOptions>, object]>([
    ['a limit', { sampling: sampling({ maxOutputTokens: 9 }) }, {}, { max_tokens: 9 }],
    [
      'a limit, newly named',
      { sampling: sampling({ maxOutputTokens: 9 }) },
      { maxTokensField: 'max_completion_tokens' },
      { max_completion_tokens: 9 },
    ],
    ['top_k', { sampling: sampling({ topK: 9 }) }, { topK: true }, { top_k: 9 }],
    ['usage', { stream: true }, {}, { stream: true, stream_options: { include_usage: true } }],
    ['no options', { stream: true }, { streamOptions: false }, { stream: true }],
    [
      'a budget as effort',
      { reasoning: { ...REASONING, budgetTokens: 5000 } },
      {},
      { reasoning_effort: 'medium' },
    ],
    [
      'a budget',
      { reasoning: { ...REASONING, budgetTokens: 5000, show: false } },
      { reasoning: 'reasoning' },
      { reasoning: { max_tokens: 5000, exclude: true } },
    ],
    [
      'a schema without a name',
      { output: { kind: 'json_schema', name: null, description: null, schema: {}, strict: null } },
      {},
      { response_format: { type: 'json_schema', json_schema: { name: 'response', schema: {} } } },
    ],
    ['a tier', { serviceTier: 'standard_only' }, {}, { service_tier: 'default' }],
    ['a choice among no tools', { toolChoice: { kind: 'required' } }, {}, {}],
  ])('asks for %s as the host has it', (_name, of, options, members) => {
    const { model, messages, ...rest } = encoded(asking(of), options).body;
    expect([model, messages]).toEqual(['sample-model', [{ role: 'user', content: 'Hi' }]]);
    expect(rest).toEqual(members);
  });

  it('names what its dialect says of a part beside that', () => {
    const extras = { origin: 'gemini', members: { partMetadata: { a: 1 } } } as const;
    const marked = { ...textPart('Hi'), extras };
    const result = { ...toolResult('id'), extras: { ...extras, members: { willContinue: true } } };
    expect(encoded(saying(marked, result)).drops).toEqual(['willContinue', 'partMetadata']);
  });

  it('marks what may be cached where the host reads marks', () => {
    const marked = textPart('Hi', { ttl: '1h' });
    const mark = { cache_control: { type: 'ephemeral', ttl: '1h' } };
    const { body } = encoded(
      { ...saying(marked), tools: [{ ...WEATHER_TOOL, cache: { ttl: '1h' } }] },
      { cacheControl: true },
    );
    expect(body).toMatchObject({
      messages: [{ content: [{ text: 'Hi', ...mark }] }],
      tools: [mark],
    });
  });

  it("names each tool that only the caller's provider runs", () => {
    const tools: JsonValue = [{ type: 'web_search_20250305', name: 'w' }, { googleSearch: {} }];
    const { body, drops } = encoded(asking({ extensions: { tools, container: 'c' } }));
    expect(drops).toEqual(['web_search_20250305', 'googleSearch', 'container']);
    expect(JSON.stringify(body)).not.toContain('"tools"');
  });
});

function sampling(of: Partial<CanonicalRequest['sampling']>) {
  return { ...sampleRequest([]).sampling, ...of };
}
