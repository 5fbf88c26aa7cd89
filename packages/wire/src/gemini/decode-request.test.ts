import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { textPart } from '../canonical/content.ts';
import { thinking, turn } from '../canonical/sample-parts.contract.ts';
import type { JsonObject } from '../json/value.ts';
import { geminiCodec } from './codec.ts';

import { PLACE, fixture, decoded, encoded, contents } from './requests.contract.ts';

describe('a foreign thought', () => {
  it('that was streamed in pieces is whole again where its proof stands', () => {
    const thought = (text: string): JsonObject => ({ text, thought: true });
    const thoughtSignature = 'Keywell/anthWzAsInNpZyIsbnVsbCxudWxsXQ==';
    const parts = [
      thought('It '),
      thought('is '),
      thought('so.'),
      { ...thought(''), thoughtSignature },
    ];
    const { turns } = decoded({ contents: [{ role: 'model', parts }] });
    expect(turns).toMatchObject([
      {
        parts: [
          {
            kind: 'thinking',
            text: 'It is so.',
            signature: { origin: 'anthropic-messages', value: 'sig' },
          },
        ],
      },
    ]);
    expect(turns[0]?.parts).toHaveLength(1);
  });
});

describe('a request of Gemini', () => {
  it('is read and written again without a loss', () => {
    const body = fixture('request.json');
    const { body: again, drops } = encoded(decoded(body));
    expect(again).toEqual(body);
    expect(drops).toEqual([]);
  });

  it('may have one object where a list of one is meant', () => {
    const parts = { text: 'Hi' };
    const declaration = { name: 'f' };
    const plain = decoded({
      systemInstruction: { parts: [{ text: 'You are a cat.' }] },
      contents: [{ parts: [parts] }],
      tools: [{ functionDeclarations: [declaration] }],
    });
    const short = decoded({
      system_instruction: { parts: { text: 'You are a cat.' } },
      contents: { parts },
      tools: { function_declarations: declaration },
    });
    expect(short).toEqual(plain);
  });

  it('is read into its canonical places', () => {
    const request = decoded(fixture('request.json'));
    expect(request).toMatchObject({
      origin: 'gemini',
      model: 'gemini-3-flash-preview',
      stream: true,
      toolChoice: { kind: 'tool', name: 'get_weather' },
      output: { kind: 'json_schema' },
      sampling: { maxOutputTokens: 300, topK: 40, stop: ['END'], choices: 2, topLogprobs: 3 },
      reasoning: { effort: 'low', budgetTokens: 1024, show: true },
      metadata: { team: 'blue' },
      serviceTier: 'flex',
      modalities: ['text'],
      extensions: {
        cachedContent: 'cachedContents/abc',
        tools: [{ googleSearch: {} }, { urlContext: {} }],
        generationConfig: { mediaResolution: 'MEDIA_RESOLUTION_LOW' },
      },
    });
    const [system, user, model, results] = request.turns;
    expect(system).toEqual(turn('system', textPart('Be brief.')));
    expect(user?.parts.map(({ kind }) => kind)).toEqual([
      'text',
      'image',
      'audio',
      'file',
      'video',
      'image',
    ]);
    expect(user?.parts[5]).toMatchObject({
      source: { kind: 'id', id: 'gs://bucket/a.jpg', origin: 'gemini' },
    });
    expect(model?.parts.map(({ kind }) => kind)).toEqual([
      'thinking',
      'text',
      'tool_call',
      'tool_call',
      'foreign',
      'foreign',
    ]);
    expect(model?.parts[2]).toMatchObject({
      id: 'fc-1',
      arguments: '{"city":"Köln","days":2}',
      signature: { origin: 'gemini', value: 'Y2FsbA==' },
    });
    expect(results?.parts).toMatchObject([
      { callId: 'fc-1', isError: false, content: [textPart('{"sky":"grey"}'), { kind: 'image' }] },
      { callId: 'fc-2', isError: true, content: [textPart('no such city')] },
    ]);
  });

  it('may be written in snake_case, with OpenAPI schemas and without ids', () => {
    const request = decoded(fixture('request-snake-case.json'));
    const [, , call, result] = request.turns;
    expect(request.turns[1]?.parts[1]).toMatchObject({ source: { data: '+/8=' } });
    expect(call?.parts[0]).toMatchObject({
      id: 'call_kw_0',
      arguments: '{"city_name":"Bonn"}',
      signature: { value: 'Y2FsbA==' },
    });
    expect(result?.parts[0]).toMatchObject({ callId: 'call_kw_0', content: [textPart('grey')] });
    expect(request.toolChoice).toEqual({
      kind: 'allowed',
      names: ['get_weather', 'get_time'],
      required: true,
    });
    expect(request.tools[0]?.parameters).toEqual({
      type: 'object',
      properties: {
        city_name: { type: ['string', 'null'] },
        days: { type: 'integer', enum: [1, 2] },
        tags: { type: 'array', maxItems: 3, items: { type: 'string' } },
      },
      required: ['city_name'],
    });
    expect(request.output).toMatchObject({
      schema: { type: 'array', items: { type: 'string' } },
    });
    const { body } = encoded(request);
    expect(body).toMatchObject({
      contents: [
        {},
        { parts: [{ functionCall: { name: 'get_weather', args: { city_name: 'Bonn' } } }] },
        { role: 'user', parts: [{ functionResponse: { response: { output: 'grey' } } }] },
      ],
      safetySettings: [],
    });
    expect(JSON.stringify(body)).not.toContain('call_kw_');
  });

  it('keeps what nobody knows', () => {
    const body = {
      ...contents({ text: 'Hi', speechMetadata: { speaker: 'a' } }, { hologram: { layers: 3 } }),
      newThing: { a: 1 },
      generationConfig: { newKnob: [1], responseMimeType: 'text/x.enum', responseSchema: {} },
      toolConfig: { functionCallingConfig: { mode: 'SOMEDAY' } },
    };
    expect(encoded(decoded(body)).body).toEqual(body);
  });

  it.each<[string, JsonObject, string]>([
    ['contents that are text', { contents: 'Hi' }, 'contents'],
    ['a content that is text', { contents: ['Hi'] }, 'contents[0]'],
    ['an unknown role', { contents: [{ role: 'system', parts: [] }] }, 'contents[0].role'],
    ['a text that is a number', contents({ text: 1 }), 'contents[0].parts[0].text'],
    [
      'data without a type',
      contents({ text: 'a' }, { inlineData: { data: '' } }),
      'contents[0].parts[1].inlineData.mimeType',
    ],
    [
      'a call without a name',
      contents({ functionCall: { args: {} } }),
      'contents[0].parts[0].functionCall.name',
    ],
    [
      'arguments as text',
      contents({ functionCall: { name: 'f', args: '{}' } }),
      'contents[0].parts[0].functionCall.args',
    ],
    ['a tool that is text', { contents: [], tools: ['search'] }, 'tools[0]'],
    [
      'a declaration without a name',
      { contents: [], tools: [{ functionDeclarations: [{}] }] },
      'tools[0].functionDeclarations[0].name',
    ],
    [
      'a temperature in words',
      { contents: [], generationConfig: { temperature: 'hot' } },
      'generationConfig.temperature',
    ],
    [
      'stops that are numbers',
      { contents: [], generation_config: { stop_sequences: [1] } },
      'generationConfig.stopSequences[0]',
    ],
    ['labels that are numbers', { contents: [], labels: { a: 1 } }, 'labels.a'],
    ['instructions as text', { contents: [], systemInstruction: 'x' }, 'systemInstruction'],
  ])('is refused for %s, with the place', (_, body, param) => {
    expect(geminiCodec.decodeRequest(body, PLACE)).toMatchObject({ ok: false, param });
  });

  it('is refused without a model', () => {
    const place = { model: null, stream: null };
    expect(geminiCodec.decodeRequest({ contents: [] }, place)).toMatchObject({
      ok: false,
      code: 'missing_parameter',
      param: 'model',
    });
  });

  it('has a turn for an answer that came in many chunks, as the SDK hands it back', () => {
    const model = (...parts: readonly JsonObject[]) => ({ role: 'model', parts });
    const request = decoded({
      contents: [
        { role: 'user', parts: [{ text: 'Hi' }] },
        model({ text: 'Think', thought: true }),
        model({ text: 'ing.', thought: true }),
        model({ text: 'Hel' }),
        model({ text: 'lo' }),
        model({ functionCall: { name: 'f', args: {} } }),
        model({ text: '' }),
      ],
    });
    expect(request.turns[1]?.parts).toMatchObject([
      thinking('Thinking.', null),
      textPart('Hello'),
      { kind: 'tool_call', id: 'call_kw_0' },
    ]);
  });

  it('gives results without ids to calls of their name, in order', () => {
    const call = (name: string) => ({ functionCall: { name, args: {} } });
    const result = (name: string, id?: string) => ({
      functionResponse: { name, response: {}, ...(id === undefined ? {} : { id }) },
    });
    const request = decoded({
      contents: [
        { role: 'model', parts: [call('a'), call('b'), call('a')] },
        { role: 'user', parts: [result('b'), result('a'), result('a'), result('c')] },
      ],
    });
    const ids = request.turns[1]?.parts.map((part) => part.kind === 'tool_result' && part.callId);
    expect(ids).toEqual(['call_kw_1', 'call_kw_0', 'call_kw_2', 'call_kw_r_3']);
  });

  it('comes back the same whatever it says', () => {
    const text = fc.string();
    const part = fc.oneof(
      fc.record({ text: text.filter((value) => value !== '') }),
      fc.record({
        inlineData: fc.record({ mimeType: fc.constant('image/png'), data: fc.base64String() }),
      }),
      fc.record({
        functionCall: fc.record({
          id: fc.stringMatching(/^fc[a-z0-9]{1,8}$/),
          name: fc.constantFrom('f', 'g'),
          args: fc.dictionary(fc.stringMatching(/^[a-z_]{1,5}$/), fc.jsonValue({ maxDepth: 2 })),
        }),
      }),
      fc.record({
        functionResponse: fc.record({
          id: fc.stringMatching(/^fc[a-z0-9]{1,8}$/),
          name: fc.constantFrom('f', 'g'),
          response: fc.record({ sky: fc.jsonValue({ maxDepth: 1 }), output: text }),
        }),
      }),
    );
    const body = fc.record({
      contents: fc.array(
        fc.record({ role: fc.constant('user'), parts: fc.array(part, { minLength: 1 }) }),
        { minLength: 1 },
      ),
      generationConfig: fc.record({
        temperature: fc.float({ noNaN: true, noDefaultInfinity: true }),
        topK: fc.nat(),
      }),
    });
    fc.assert(
      fc.property(body, (value) => {
        const sent: JsonObject = JSON.parse(JSON.stringify(value));
        expect(encoded(decoded(sent)).body).toEqual(sent);
      }),
      { numRuns: 60 },
    );
  });

  it('is decoded without a throw whatever arrives', () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.constantFrom('contents', 'tools', 'generationConfig', 'toolConfig', 'labels', 'x'),
          fc.jsonValue(),
        ),
        (value) => {
          const body: JsonObject = JSON.parse(JSON.stringify(value));
          expect(geminiCodec.decodeRequest(body, PLACE).ok).toBeTypeOf('boolean');
        },
      ),
      { numRuns: 100 },
    );
  });
});
