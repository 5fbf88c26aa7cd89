import { describe, expect, it } from 'vitest';
import { textPart, type Part } from '../canonical/content.ts';
import { bareRequest, type CanonicalRequest } from '../canonical/request.ts';
import {
  PIXEL_IMAGE,
  PIXEL_PNG,
  sealedThinking,
  thinking,
  toolCall,
  toolResult,
  turn,
  WEATHER_TOOL,
} from '../canonical/sample-parts.contract.ts';
import { SAMPLE_REQUESTS, sampleRequest } from '../canonical/samples.contract.ts';
import type { JsonObject, JsonValue } from '../json/value.ts';
import { objectsOf } from './event-grammar.contract.ts';

import { asked, decoded, encoded } from './requests.contract.ts';

describe('a request of another dialect towards Gemini', () => {
  it.each([...SAMPLE_REQUESTS])('is written: %s', (_, request) => {
    const { body, drops } = encoded({ ...request, model: 'gemini-3-flash-preview' });
    expect({ body, drops }).toMatchSnapshot();
  });

  it('names a picture by the type that is registered, whatever its caller calls it', () => {
    const source = { kind: 'base64', mediaType: 'image/jpg', data: PIXEL_PNG } as const;
    const { body } = encoded(sampleRequest([turn('user', { ...PIXEL_IMAGE, source })]));
    expect(body['contents']).toEqual([
      { role: 'user', parts: [{ inlineData: { mimeType: 'image/jpeg', data: PIXEL_PNG } }] },
    ]);
  });

  it.each([
    ['required', ['tool_choice']],
    ['auto', []],
    ['none', []],
  ] as const)('has no choice of tools, here %s, where no tool is declared', (kind, names) => {
    const { body, drops } = asked({ toolChoice: { kind } });
    expect(body['toolConfig']).toBeUndefined();
    expect(drops).toEqual(names);
  });

  it('has no text that says nothing, which Vertex AI refuses', () => {
    const nothing = textPart('');
    const { body } = encoded(
      sampleRequest([
        turn('system', nothing),
        turn('user', nothing, PIXEL_IMAGE),
        turn('assistant', textPart('A dot.')),
        turn('user', nothing),
        turn('user', textPart('Sure?')),
      ]),
    );
    expect(body['systemInstruction']).toBeUndefined();
    expect(body['contents']).toEqual([
      { role: 'user', parts: [{ inlineData: { mimeType: 'image/png', data: PIXEL_PNG } }] },
      { role: 'model', parts: [{ text: 'A dot.' }] },
      { role: 'user', parts: [{ text: 'Sure?' }] },
    ]);
  });

  it('that says nothing at all is sent as it is, for Google to judge', () => {
    const { body } = encoded(sampleRequest([turn('user', textPart(''))]));
    expect(body['contents']).toEqual([{ role: 'user', parts: [{ text: '' }] }]);
  });

  it('calls tools by name, its results in the order of the calls', () => {
    const { body } = encoded(
      sampleRequest(
        [
          turn('user', textPart('Hi')),
          turn('assistant', toolCall('a', 'f', '{}'), toolCall('b', 'g', 'not json')),
          turn('user', toolResult('b', textPart('2'))),
          turn('user', toolResult('a', textPart('1'))),
        ],
        { model: 'gemini-2.5-flash' },
      ),
    );
    expect(body['contents']).toEqual([
      { role: 'user', parts: [{ text: 'Hi' }] },
      {
        role: 'model',
        parts: [
          { functionCall: { name: 'f', args: {} } },
          { functionCall: { name: 'g', args: { input: 'not json' } } },
        ],
      },
      {
        role: 'user',
        parts: [
          { functionResponse: { name: 'f', response: { output: '1' } } },
          { functionResponse: { name: 'g', response: { output: '2' } } },
        ],
      },
    ]);
  });

  const LOOP = [
    turn('user', textPart('Hi')),
    turn('assistant', toolCall('a', 'f', '{}')),
    turn('user', toolResult('a', textPart('1'))),
    turn('assistant', textPart('Done.')),
    turn('user', textPart('Again')),
    turn('assistant', toolCall('b', 'f', '{}'), toolCall('c', 'f', '{}')),
    turn('user', toolResult('b', textPart('1')), toolResult('c', textPart('2'))),
  ];

  it.each<[string, boolean]>([
    ['gemini-3-pro-preview', true],
    ['gemini-flash-latest', true],
    ['gemini-2.5-pro', false],
    ['gemini-2.0-flash', false],
    ['some-tuned-model', false],
  ])('signs the first call of each step of the turn for %s: %s', (model, signs) => {
    const { body } = encoded(sampleRequest(LOOP, { model }));
    const text = JSON.stringify(body);
    expect(text.split('skip_thought_signature_validator').length - 1).toBe(signs ? 1 : 0);
    if (!signs) return;
    expect(body['contents']).toMatchObject([
      {},
      {},
      {},
      {},
      {},
      { parts: [{ thoughtSignature: 'skip_thought_signature_validator' }, {}] },
      {},
    ]);
  });

  it('never shows Google the thoughts of others, and its own byte for byte', () => {
    const gemini = { origin: 'gemini', value: 'Z2Vt+/8=' } as const;
    const foreign = { origin: 'anthropic-messages', value: 'YW50' } as const;
    const { body, drops } = encoded(
      sampleRequest(
        [
          turn('user', textPart('Hi')),
          turn(
            'assistant',
            thinking('Theirs.', foreign),
            sealedThinking(foreign),
            thinking('Ours.', gemini),
            thinking('', gemini),
            toolCall('a', 'f', '{}'),
          ),
        ],
        { model: 'gemini-3-pro-preview' },
      ),
    );
    expect(body['contents']).toMatchObject([
      {},
      {
        parts: [
          { text: 'Ours.', thought: true, thoughtSignature: 'Z2Vt+/8=' },
          { functionCall: { name: 'f' }, thoughtSignature: 'Z2Vt+/8=' },
        ],
      },
    ]);
    expect(drops).toEqual(['thinking']);
  });

  it.each<
    [string, Partial<NonNullable<CanonicalRequest['reasoning']>>, JsonValue, readonly string[]]
  >([
    ['gemini-3-flash-preview', { effort: 'medium' }, { thinkingLevel: 'MEDIUM' }, []],
    ['gemini-3-pro-preview', { effort: 'medium' }, { thinkingLevel: 'HIGH' }, []],
    ['gemini-3.1-pro-preview', { effort: 'minimal' }, { thinkingLevel: 'LOW' }, []],
    ['gemini-3.5-flash', { effort: 'none' }, { thinkingLevel: 'MINIMAL' }, ['reasoning_effort']],
    ['gemini-3.5-flash', { budgetTokens: 8000 }, { thinkingLevel: 'MEDIUM' }, []],
    ['gemini-3.5-flash', { adaptive: true, show: true }, { includeThoughts: true }, []],
    ['gemini-2.5-flash', { effort: 'none' }, { thinkingBudget: 0 }, []],
    ['gemini-2.5-flash', { effort: 'xhigh' }, { thinkingBudget: 24_576 }, []],
    ['gemini-2.5-flash', { adaptive: true }, { thinkingBudget: -1 }, []],
    ['gemini-2.5-flash-lite', { budgetTokens: 100 }, { thinkingBudget: 512 }, []],
    ['gemini-2.5-pro', { effort: 'none' }, { thinkingBudget: 128 }, ['reasoning_effort']],
    ['gemini-2.5-pro', { effort: 'max' }, { thinkingBudget: 32_768 }, []],
    ['gemini-2.0-flash', { effort: 'low' }, null, ['reasoning']],
  ])('thinks as %s understands it: %j', (model, reasoning, thinkingConfig, names) => {
    const { body, drops } = asked(
      {
        reasoning: {
          effort: null,
          budgetTokens: null,
          adaptive: false,
          show: null,
          summary: null,
          ...reasoning,
        },
      },
      model,
    );
    expect(body['generationConfig']).toEqual(
      thinkingConfig === null ? undefined : { thinkingConfig },
    );
    expect(drops).toEqual(names);
  });

  it.each<
    readonly [CanonicalRequest['toolChoice'], boolean, string, readonly [JsonObject, ...string[]]]
  >([
    [null, true, 'gemini-2.5-flash', [{ mode: 'VALIDATED' }]],
    [{ kind: 'auto' }, false, 'gemini-2.5-flash', [{ mode: 'AUTO' }]],
    [{ kind: 'required' }, true, 'gemini-2.5-flash', [{ mode: 'ANY' }]],
    [{ kind: 'none' }, false, 'gemini-2.5-flash', [{ mode: 'NONE' }]],
    [{ kind: 'auto' }, true, 'gemini-2.0-flash', [{ mode: 'AUTO' }, 'strict']],
    [
      { kind: 'allowed', names: ['a', 'b'], required: false },
      false,
      'gemini-2.5-flash',
      [{ mode: 'VALIDATED', allowedFunctionNames: ['a', 'b'] }],
    ],
  ])('chooses tools: %j, strict %s, %s', (toolChoice, strict, model, [config, ...names]) => {
    const tools = [{ ...WEATHER_TOOL, strict }];
    const { body, drops } = asked({ toolChoice, tools }, model);
    expect(body['toolConfig']).toEqual({ functionCallingConfig: config });
    expect(drops).toEqual(names);
  });

  it('has pictures of a result beside it before Gemini 3, and inside it since', () => {
    const turns = [
      turn('assistant', toolCall('a', 'f', '{}')),
      turn('user', toolResult('a', textPart('See:'), PIXEL_IMAGE)),
    ];
    const old = encoded(sampleRequest(turns, { model: 'gemini-2.5-flash' })).body;
    expect(old['contents']).toMatchObject([
      {},
      { parts: [{ functionResponse: { name: 'f' } }, { inlineData: { mimeType: 'image/png' } }] },
    ]);
    const since = encoded(sampleRequest(turns, { model: 'gemini-3-pro-preview' })).body;
    expect(since['contents']).toMatchObject([
      {},
      { parts: [{ functionResponse: { parts: [{ inlineData: { mimeType: 'image/png' } }] } }] },
    ]);
  });

  it('says instructions alone as what the user says', () => {
    const { body, drops } = encoded(sampleRequest([turn('system', textPart('Count.'))]));
    expect(body).toEqual({ contents: [{ role: 'user', parts: [{ text: 'Count.' }] }] });
    expect(drops).toEqual(['system_position']);
  });

  it('takes 200 parallel calls, a megabyte of arguments and arguments of any depth', () => {
    const long = JSON.stringify({ text: 'x'.repeat(1 << 20) });
    const deep = '[{"a":'.repeat(100_000);
    const closed = `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`;
    const calls: Part[] = Array.from({ length: 200 }, (_, n) => toolCall(`c${n}`, 'f', '{}'));
    const { body } = encoded(
      bareRequest('openai-chat', 'gemini-3-pro-preview', [
        turn(
          'assistant',
          ...calls,
          ...[long, deep, closed].map((text) => toolCall('x', 'f', text)),
        ),
        turn('user', ...calls.map((_, n) => toolResult(`c${199 - n}`, textPart(String(199 - n))))),
      ]),
    );
    const [model, user] = objectsOf(body['contents']).map(({ parts }) => objectsOf(parts));
    expect(model?.length).toBe(203);
    expect(model?.slice(201)).toMatchObject([
      { functionCall: { args: { input: deep } } },
      { functionCall: { args: { input: closed } } },
    ]);
    expect(user?.[0]).toMatchObject({ functionResponse: { response: { output: '0' } } });
  });

  it('takes more parts than a function takes arguments', () => {
    const parts: Part[] = Array.from({ length: 150_000 }, () => textPart('a'));
    const long = { role: 'assistant', name: null, parts } as const;
    const { body } = encoded(
      bareRequest('openai-chat', 'm', [turn('assistant', textPart('b')), long]),
    );
    const request = decoded({
      contents: [{ role: 'model', parts: [{ text: 'c' }] }, ...objectsOf(body['contents'])],
    });
    expect(request.turns[0]?.parts.length).toBe(150_001);
  }, 30_000);
});
