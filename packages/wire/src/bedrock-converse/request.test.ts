import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { textPart } from '../canonical/content.ts';
import { SAMPLE_REQUESTS, sampleRequest } from '../canonical/samples.contract.ts';
import {
  PDF,
  PIXEL_IMAGE,
  toolCall,
  toolResult,
  turn,
  WEATHER_TOOL,
} from '../canonical/sample-parts.contract.ts';
import { isJsonArray, isJsonObject, type JsonObject } from '../json/value.ts';
import { converseCodec } from './codec.ts';
import {
  CLAUDE,
  decode,
  encode,
  fixture,
  HELLO,
  membersNamed,
  sample,
} from './converse-requests.contract.ts';

describe('a request of Converse', () => {
  it('is written back as it was said, with what nobody knows', () => {
    const body = fixture('request.json');
    const { body: back, drops } = encode(decode(body), 'any.model');
    expect(back).toEqual(body);
    expect(drops).toEqual([]);
  });

  it('is written back whatever blocks, settings and unknown members it has', () => {
    const text = fc.record({ text: fc.string() });
    const block = fc.oneof(
      text,
      fc.constantFrom<JsonObject>(
        { image: { format: 'png', source: { bytes: 'AA==' } } },
        { image: { format: 'tiff', source: { bytes: 'AA==' } } },
        { cachePoint: { type: 'default' } },
        { cachePoint: { type: 'other', ttl: '9h' } },
        { document: { format: 'md', name: 'n', source: { bytes: 'AA==' } } },
        { reasoningContent: { redactedContent: 'AA==' } },
        { reasoningContent: { somethingNew: 1 } },
        { toolUse: { toolUseId: 'a', name: 'b', input: { c: [1, null] } } },
        { toolResult: { toolUseId: 'a', content: [{ text: '' }], status: 'error' } },
        { toolResult: { toolUseId: 'a', content: [{ searchResult: {} }] } },
      ),
      fc.record({ novelty: fc.jsonValue().filter((value) => value !== null) }),
    );
    const message = fc.record({
      role: fc.constantFrom('user', 'assistant'),
      content: fc.array(block, { maxLength: 6 }),
    });
    const body = fc.record(
      {
        messages: fc.array(message, { minLength: 1, maxLength: 4 }),
        system: fc.array(text, { minLength: 1, maxLength: 2 }),
        inferenceConfig: fc.record({
          maxTokens: fc.nat(),
          temperature: fc.double({ noNaN: true, noDefaultInfinity: true }),
        }),
        performanceConfig: fc.constant({ latency: 'standard' }),
        requestMetadata: fc.constant({ a: 'b c' }),
      },
      { requiredKeys: ['messages'] },
    );
    fc.assert(
      fc.property(body, (arbitrary) => {
        const said = JSON.parse(JSON.stringify(arbitrary));
        expect(encode(decode(said), 'any.model').body).toEqual(said);
      }),
    );
  });

  it.each([
    [{ messages: 'x' }, 'messages'],
    [{ messages: [{ content: [] }] }, 'messages[0].role'],
    [{ messages: [{ role: 'tool', content: [] }] }, 'messages[0].role'],
    [{ messages: [{ role: 'user', content: [{ text: 1 }] }] }, 'messages[0].content[0].text'],
    [{ messages: [{ role: 'user', content: [1] }] }, 'messages[0].content[0]'],
    [{ messages: [{ role: 'user', content: [{}] }] }, 'messages[0].content[0]'],
    [
      { messages: [{ role: 'user', content: [{ toolUse: { name: 'a', input: {} } }] }] },
      'messages[0].content[0].toolUse.toolUseId',
    ],
    [
      {
        messages: [
          { role: 'user', content: [{ toolResult: { toolUseId: 'a', content: [{ text: 1 }] } }] },
        ],
      },
      'messages[0].content[0].toolResult.content[0].text',
    ],
    [{ messages: [], inferenceConfig: { maxTokens: -1 } }, 'inferenceConfig.maxTokens'],
    [{ messages: [], inferenceConfig: { stopSequences: [1] } }, 'inferenceConfig.stopSequences'],
    [
      { messages: [], toolConfig: { tools: [{ toolSpec: {} }] } },
      'toolConfig.tools[0].toolSpec.name',
    ],
    [{ messages: [], toolConfig: { toolChoice: { none: {} } } }, 'toolConfig.toolChoice'],
    [{ messages: [], requestMetadata: { a: 1 } }, 'requestMetadata.a'],
    [{ messages: [], serviceTier: {} }, 'serviceTier.type'],
  ])('that is wrong is refused at the place where it is: %j', (body, param) => {
    expect(converseCodec.decodeRequest(body, { model: 'm', stream: null })).toMatchObject({
      ok: false,
      param,
    });
  });

  it('never throws, whatever comes', () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.constantFrom('messages', 'system', 'toolConfig', 'outputConfig'),
          fc.jsonValue(),
        ),
        (body) => {
          const said = JSON.parse(JSON.stringify(body));
          expect(converseCodec.decodeRequest(said, { model: null, stream: null })).toHaveProperty(
            'ok',
          );
        },
      ),
    );
  });
});

describe('any conversation', () => {
  it.each([...SAMPLE_REQUESTS])('comes out in the rules of Converse: %s', (_name, request) => {
    for (const model of [
      CLAUDE,
      'us.anthropic.claude-opus-4-7-v1',
      'meta.llama3-3-70b-instruct-v1:0',
      'amazon.nova-2-lite-v1:0',
    ]) {
      const { body } = encode(request, model);
      const messages = isJsonArray(body['messages']) ? body['messages'] : [];
      const roles = messages.map((message) => (isJsonObject(message) ? message['role'] : null));
      expect(roles.every((role, index) => role !== roles[index + 1])).toBe(true);
      const blocks = membersNamed(body, 'content').flatMap((content) =>
        isJsonArray(content) ? content : [],
      );
      for (const block of blocks) {
        expect(Object.keys(isJsonObject(block) ? block : {})).toHaveLength(1);
      }
      const calls = membersNamed(body, 'toolUse').length + membersNamed(body, 'toolResult').length;
      expect(calls === 0 || body['toolConfig'] !== undefined).toBe(true);
      expect(JSON.parse(JSON.stringify(body))).toEqual(body);
    }
  });

  it.each<readonly [string, readonly string[]]>([
    ['text', []],
    ['system, several turns', []],
    ['system in the middle', ['system_position']],
    ['turns of one role in a row', ['name']],
    ['image by URL', ['image_detail', 'image']],
    ['image in base64', []],
    ['PDF in base64', []],
    ['file by URL', ['file']],
    ['file by id', ['file']],
    ['audio', []],
    ['video', ['video']],
    ['tools', []],
    ['tools, none to be called', []],
    ['tools, one must be called', ['parallel_tool_calls']],
    ['tools allowed', []],
    ['custom tool', []],
    ['parallel tool calls and their results', []],
    ['tool result with an image', []],
    ['JSON object', ['response_format']],
    ['JSON schema', []],
    ['cache marks', []],
    ['two choices with logprobs', ['top_logprobs', 'n', 'logprobs']],
    [
      'every sampling parameter',
      [
        'frequency_penalty',
        'presence_penalty',
        'seed',
        'top_logprobs',
        'logit_bias',
        'n',
        'logprobs',
        'stop',
      ],
    ],
    ['thinking by budget', []],
    [
      'everything beside the conversation',
      ['user', 'prompt_cache_key', 'verbosity', 'modalities', 'web_search_options'],
    ],
    ['block that only its origin knows', ['hologram']],
    ['thinking signed by bedrock-converse', ['thinking']],
    ['thinking signed by anthropic-messages', ['thinking', 'reasoning_effort']],
  ])('names what is lost of it: %s', (name, lost) => {
    expect(encode(sample(name)).drops).toEqual(lost);
  });

  it('leaves out what is blank, and turns of which nothing is left', () => {
    const turns = [turn('user', textPart('')), turn('assistant', textPart(' \n')), HELLO, HELLO];
    expect(encode(sampleRequest(turns)).body['messages']).toEqual([
      { role: 'user', content: [{ text: 'Hello' }, { text: 'Hello' }] },
    ]);
  });

  it('gives results of tools before what else a turn says, under ids that are taken', () => {
    const long = `call|${'x'.repeat(80)}`;
    const turns = [
      HELLO,
      turn(
        'assistant',
        toolCall(long, 'get_weather', '{"city":"Köln"}'),
        toolCall(`${long}y`, 'get_weather', 'nonsense'),
      ),
      turn('user', textPart('Well?'), toolResult(long, textPart('grey')), toolResult(`${long}y`)),
    ];
    const { body } = encode(sampleRequest(turns, { tools: [WEATHER_TOOL] }));
    const [one, other] = membersNamed(body['messages'], 'toolUse');
    const ids = membersNamed(body['messages'], 'toolUseId');
    expect(one).toMatchObject({ input: { city: 'Köln' } });
    expect(other).toMatchObject({ input: { _raw: 'nonsense' } });
    expect(ids.slice(2)).toEqual(ids.slice(0, 2));
    expect(new Set(ids).size).toBe(2);
    for (const id of ids) expect(id).toMatch(/^[a-zA-Z0-9_-]{1,64}$/);
    const last = isJsonArray(body['messages']) ? body['messages'][2] : null;
    expect(last).toMatchObject({
      content: [{ toolResult: {} }, { toolResult: {} }, { text: 'Well?' }],
    });
  });

  it('brings stand-ins where tools were called and none are given', () => {
    const turns = [
      HELLO,
      turn('assistant', toolCall('a', 'look', '{}')),
      turn('user', toolResult('a', textPart('x'))),
    ];
    expect(encode(sampleRequest(turns)).body['toolConfig']).toEqual({
      tools: [
        { toolSpec: { name: 'look', inputSchema: { json: { type: 'object', properties: {} } } } },
      ],
    });
    const none = encode(
      sampleRequest(turns, { tools: [WEATHER_TOOL], toolChoice: { kind: 'none' } }),
    );
    expect(none.drops).toEqual(['tool_choice']);
    expect(none.body['toolConfig']).not.toHaveProperty('toolChoice');
  });

  it('names documents so that Converse takes them, each once', () => {
    const { body } = encode(
      sampleRequest([
        turn(
          'user',
          { ...PDF, name: 'Jahres_bericht  2025 (final).pdf' },
          { ...PDF, name: null },
          { ...PDF, name: 'document' },
          textPart('?'),
        ),
      ]),
    );
    expect(membersNamed(body, 'document')).toMatchObject([
      { name: 'Jahres bericht 2025 (final)', format: 'pdf' },
      { name: 'document' },
      { name: 'document (2)' },
    ]);
  });

  it('may point to objects in a bucket', () => {
    const image = {
      ...PIXEL_IMAGE,
      source: { kind: 'url', url: 's3://b/cat.JPG', mediaType: null },
    } as const;
    expect(membersNamed(encode(sampleRequest([turn('user', image)])).body, 'image')).toEqual([
      { format: 'jpeg', source: { s3Location: { uri: 's3://b/cat.JPG' } } },
    ]);
  });

  it('keeps what the model takes of metadata, and names the rest', () => {
    const { body, drops } = encode(
      sampleRequest([HELLO], { metadata: { team: 'blue', bad: 'ü' }, serviceTier: 'scale' }),
    );
    expect(body['requestMetadata']).toEqual({ team: 'blue' });
    expect(drops).toEqual(['metadata', 'service_tier']);
  });
});

it('stays linear with 200 calls and a megabyte of arguments', () => {
  const text = JSON.stringify({ text: 'x'.repeat(1 << 20) });
  const calls = Array.from({ length: 200 }, (_, index) =>
    toolCall(`c${index}`, 'get_weather', index === 0 ? text : '{}'),
  );
  const { body } = encode(
    sampleRequest([HELLO, turn('assistant', ...calls)], { tools: [WEATHER_TOOL] }),
  );
  const uses = membersNamed(body, 'toolUse');
  expect(uses).toHaveLength(200);
  expect(uses[0]).toMatchObject({ input: JSON.parse(text) });
});
