import { describe, expect, it } from 'vitest';
import { textPart } from '../canonical/content.ts';
import { Drops } from '../canonical/drops.ts';
import type { CanonicalRequest } from '../canonical/request.ts';
import {
  PIXEL_IMAGE,
  PIXEL_PNG,
  thinking,
  toolCall,
  toolResult,
  turn,
  WEATHER_TOOL,
} from '../canonical/sample-parts.contract.ts';
import { SAMPLE_REQUESTS, sampleRequest } from '../canonical/samples.contract.ts';
import { encodeRequest } from './encode-request.ts';
import { requestFault } from './request-shape.contract.ts';

const MODELS = ['claude-sonnet-4-5', 'claude-opus-4-6', 'claude-opus-5-5', 'kimi-k2'];
const HELLO = turn('user', textPart('Hello'));

function encoded(request: CanonicalRequest, model = 'claude-sonnet-4-5') {
  const drops = new Drops();
  const body = encodeRequest({ ...request, model }, drops);
  return { body, drops: drops.names };
}
const asking = (of: Partial<CanonicalRequest>): CanonicalRequest => sampleRequest([HELLO], of);
const sample = (name: string): CanonicalRequest => {
  const request = SAMPLE_REQUESTS.get(name);
  if (request === undefined) throw new Error(name);
  return request;
};

describe('a request of another dialect', () => {
  it('names a picture by the type that is registered, whatever its caller calls it', () => {
    const source = { kind: 'base64', mediaType: 'image/jpg', data: PIXEL_PNG } as const;
    const { body } = encoded(sampleRequest([turn('user', { ...PIXEL_IMAGE, source })]));
    expect(body['messages']).toEqual([
      {
        role: 'user',
        content: [
          {
            type: 'image',
            source: { type: 'base64', media_type: 'image/jpeg', data: PIXEL_PNG },
          },
        ],
      },
    ]);
  });

  it.each([...SAMPLE_REQUESTS.keys()])('is one that a provider takes: %s', (name) => {
    for (const model of MODELS) {
      const { body } = encoded(sample(name), model);
      // a video alone, or a file by another's id, leaves nothing to say but the opening
      expect([model, requestFault(body)]).toEqual([model, null]);
      expect(body['model']).toBe(model);
    }
  });

  it.each([
    ['text', []],
    ['system in the middle', ['system_position']],
    ['turns of one role in a row', ['name']],
    ['image by URL', ['image_detail']],
    ['PDF in base64', []],
    ['file by id', ['file']],
    ['audio', ['audio']],
    ['video', ['video']],
    ['tools allowed', []],
    ['custom tool', ['custom_tool']],
    ['tool result with an image', []],
    ['JSON object', ['response_format']],
    ['JSON schema', []],
    ['refusal in the history', []],
    ['cache marks', []],
    ['two choices with logprobs', ['n', 'logprobs', 'top_logprobs']],
    [
      'every sampling parameter',
      [
        'frequency_penalty',
        'presence_penalty',
        'seed',
        'n',
        'logprobs',
        'top_logprobs',
        'logit_bias',
        'top_p',
        'stop',
      ],
    ],
    ['thinking by effort', []],
    [
      'everything beside the conversation',
      [
        'metadata',
        'prompt_cache_key',
        'verbosity',
        'modalities',
        'service_tier',
        'web_search_options',
      ],
    ],
    ['block that only its origin knows', ['hologram']],
    ['thinking signed by gemini', ['thinking', 'reasoning_effort']],
    ['thinking signed by anthropic-messages', ['thinking']],
  ])('names what is lost: %s', (name, names) => {
    expect(encoded(sample(name)).drops).toEqual(names);
  });

  it('has its instructions at the head and roles in turn, the user first', () => {
    const { body } = encoded(
      sampleRequest([
        turn('system', textPart('One.')),
        turn('assistant', textPart('Hello.')),
        turn('assistant', textPart(' '), textPart('Well? \n')),
        turn('developer', textPart('Two.')),
      ]),
    );
    expect(body).toMatchObject({
      system: [{ text: 'One.' }, { text: 'Two.' }],
      messages: [
        { role: 'user', content: '(start of the conversation)' },
        { role: 'assistant', content: [{ text: 'Hello.' }, { text: 'Well?' }] },
      ],
    });
  });

  it('has results before text and thoughts before calls, in the order they came', () => {
    const signed = thinking('Hm.', { origin: 'anthropic-messages', value: 'c2ln' });
    const { body } = encoded(
      sampleRequest(
        [
          HELLO,
          turn('assistant', textPart('Let me see.')),
          turn(
            'assistant',
            signed,
            toolCall('a.1', 'get_weather', '{}'),
            toolCall('b', 'get_weather', '[1]'),
          ),
          turn('user', toolResult('a.1', textPart('grey'))),
          turn('user', textPart('And?'), toolResult('b')),
        ],
        { tools: [WEATHER_TOOL] },
      ),
    );
    expect(body['messages']).toEqual([
      { role: 'user', content: 'Hello' },
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'Hm.', signature: 'c2ln' },
          { type: 'text', text: 'Let me see.' },
          { type: 'tool_use', id: 'a_x2e_1', name: 'get_weather', input: {} },
          { type: 'tool_use', id: 'b', name: 'get_weather', input: { _raw: '[1]' } },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'a_x2e_1', content: 'grey' },
          { type: 'tool_result', tool_use_id: 'b' },
          { type: 'text', text: 'And?' },
        ],
      },
    ]);
  });

  it('closes its schema and tells the model what could not stay', () => {
    const schema = {
      type: 'object',
      properties: {
        age: { type: 'integer', minimum: 0 },
        tags: { type: 'array', items: { type: 'object', properties: {} } },
      },
    };
    const output = {
      kind: 'json_schema',
      name: 'x',
      description: 'A person.',
      schema,
      strict: null,
    } as const;
    const { body, drops } = encoded(asking({ output }));
    expect(body['output_config']).toEqual({
      format: {
        type: 'json_schema',
        schema: {
          description: 'A person.',
          type: 'object',
          properties: {
            age: { type: 'integer', description: '{minimum: 0}' },
            tags: {
              type: 'array',
              items: { type: 'object', properties: {}, additionalProperties: false },
            },
          },
          additionalProperties: false,
        },
      },
    });
    expect(drops).toEqual(['schema_constraints']);
  });

  it('asks for JSON in words where there is no schema', () => {
    const { body } = encoded(asking({ output: { kind: 'json' } }));
    expect(body['system']).toMatch(/JSON object/);
  });

  it('declares the tools of its history where the caller gives none any more', () => {
    const request = sampleRequest([
      HELLO,
      turn('assistant', toolCall('a', 'get_weather', '{}')),
      turn('user', toolResult('a', textPart('grey'))),
    ]);
    expect(encoded(request).body).toMatchObject({
      tools: [{ name: 'get_weather', input_schema: { type: 'object' } }],
      tool_choice: { type: 'none' },
    });
  });

  it('takes a megabyte of arguments and 200 calls', () => {
    const big = JSON.stringify({ text: 'x'.repeat(1 << 20) });
    const calls = Array.from({ length: 200 }, (_, n) =>
      toolCall(`c${n}`, 'get_weather', n === 0 ? big : '{}'),
    );
    const results = calls.map(({ id }) => toolResult(id, textPart('ok')));
    const request = sampleRequest([HELLO, turn('assistant', ...calls), turn('user', ...results)], {
      tools: [WEATHER_TOOL],
    });
    const { body } = encoded(request);
    expect(requestFault(body)).toBeNull();
    expect(JSON.stringify(body).length).toBeGreaterThan(1 << 20);
  });
});
