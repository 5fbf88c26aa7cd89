import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { editRequest, readRequest, type Operation } from './request.ts';
import type { RequestFacts } from '../edit/request-members.ts';

// Wide, for machines that are busy with something else.
vi.setConfig({ testTimeout: 30_000 });

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const CHAT = { model: 'gpt-5', messages: [] };

function read(body: unknown, operation: Operation = 'chat.completions') {
  return readRequest(encoder.encode(JSON.stringify(body)), operation);
}

function facts(body: Uint8Array | string, operation: Operation = 'chat.completions'): RequestFacts {
  const result = readRequest(typeof body === 'string' ? encoder.encode(body) : body, operation);
  if (!result.ok) throw new Error(result.message);
  return result.facts;
}

function edit(text: string, to: { model: string; addStreamUsage: boolean }): string {
  const body = encoder.encode(text);
  return decoder.decode(editRequest(body, facts(body), to));
}

describe('the facts of a request', () => {
  it('are what the body says', () => {
    const result = read({
      ...CHAT,
      stream: true,
      stream_options: { include_usage: true },
      n: 3,
      max_tokens: 7,
      max_completion_tokens: 9,
      store: true,
    });
    expect(result).toMatchObject({
      ok: true,
      facts: {
        model: 'gpt-5',
        stream: true,
        includeUsage: true,
        maxOutputTokens: 9,
        n: 3,
        stored: true,
      },
    });
  });

  it('have their defaults where the body is silent or says null', () => {
    const silent = {
      model: 'gpt-5',
      stream: false,
      includeUsage: false,
      maxOutputTokens: null,
      n: 1,
      stored: false,
    };
    expect(read(CHAT)).toMatchObject({ ok: true, facts: silent });
    const nulls = {
      stream: null,
      stream_options: null,
      n: null,
      max_tokens: null,
      max_completion_tokens: null,
      store: null,
    };
    expect(read({ ...CHAT, ...nulls })).toMatchObject({ ok: true, facts: silent });
  });

  it('are read by name, whatever escapes it is written with, and from the top level only', () => {
    const text = String.raw`{"mod\u0065l":"\u0067pt-\ud83d\udc4d","messages":[{"stream":true,"n":"x"}],"metadata":{"model":5}}`;
    expect(facts(text)).toMatchObject({ model: 'gpt-👍', stream: false, n: 1 });
  });

  it('name the right model however many are asked for in turn, and refuse a wrong one every time', () => {
    const names = Array.from({ length: 200 }, (_, i) => `model-${i % 40}-${'x'.repeat(i % 70)}é`);
    for (const name of [...names, ...names.toReversed(), ...names]) {
      expect(read({ model: name, messages: [] })).toMatchObject({ facts: { model: name } });
      expect(read({ model: `${name}\n`, messages: [] })).toMatchObject({ param: 'model' });
    }
    const escaped = String.raw`{"model":"model-0-\u00e9","messages":[]}`;
    expect(facts(escaped).model).toBe(names[0]);
    expect(facts(escaped).model).toBe(names[0]);
  });

  it('of a recorded request hold its model and limits, not those of its tools or metadata', () => {
    const body = readFileSync(new URL('./fixtures/chat-request.json', import.meta.url));
    expect(facts(body)).toMatchObject({
      model: 'gpt-5',
      stream: true,
      includeUsage: false,
      maxOutputTokens: 512,
    });
  });

  it('leave the parameters of chat alone in embeddings', () => {
    expect(read({ model: 'e', input: ['a'], stream: 'x', n: 0 }, 'embeddings')).toMatchObject({
      ok: true,
      facts: { model: 'e', stream: false, n: 1 },
    });
  });

  it.each([
    ['completions', { prompt: null }],
    ['completions', { prompt: [1, 2] }],
    ['embeddings', { input: '' }],
  ] as const)('take any value where %s needs %j', (operation, body) => {
    expect(read({ model: 'm', ...body }, operation).ok).toBe(true);
  });
});

describe('a request that is refused', () => {
  it.each([
    ['chat.completions', {}, 'model'],
    ['chat.completions', { model: null, messages: [] }, 'model'],
    ['chat.completions', { model: 'm' }, 'messages'],
    ['chat.completions', { model: 'm', messages: null }, 'messages'],
    ['chat.completions', { model: 'm', prompt: 'x' }, 'messages'],
    ['completions', { model: 'm', messages: [] }, 'prompt'],
    ['embeddings', { model: 'm' }, 'input'],
  ] as const)('lacks a parameter: %s %j', (operation, body, param) => {
    expect(read(body, operation)).toEqual({
      ok: false,
      code: 'missing_parameter',
      message: `The parameter "${param}" is missing.`,
      param,
    });
  });

  it.each([
    ['model', ''],
    ['model', 5],
    ['model', ['gpt-5']],
    ['model', 'a\nb'],
    ['model', 'a\u0000'],
    ['model', 'a\u007f'],
    ['model', 'a\u0085b'],
    ['model', 'a\u2028'],
    ['model', '\ud83d'],
    ['model', 'x'.repeat(257)],
    ['model', 'x'.repeat(100_000)],
    ['messages', 'hello'],
    ['messages', {}],
    ['stream', 'true'],
    ['stream', 1],
    ['stream_options', true],
    ['stream_options', []],
    ['n', 0],
    ['n', -1],
    ['n', 129],
    ['n', '2'],
    ['n', 1.5],
    ['n', [1]],
    ['max_tokens', 0],
    ['max_tokens', -5],
    ['max_tokens', 1.5],
    ['max_tokens', '100'],
    ['max_tokens', 1e300],
    ['max_tokens', true],
    ['max_completion_tokens', {}],
    ['max_completion_tokens', 9_007_199_254_740_992],
    ['store', 'yes'],
    ['background', 1],
  ])('has a value of the wrong kind for %s: %j', (param, value) => {
    const result = read({ ...CHAT, [param]: value });
    expect(result).toMatchObject({
      ok: false,
      code: 'invalid_parameter',
      message: expect.stringContaining(`"${param}" must be `),
      param,
    });
  });

  it.each(['1.0', '1e2', '-0', '100000000000000000000'])('has %s for max_tokens', (number) => {
    const body = encoder.encode(`{"model":"m","messages":[],"max_tokens":${number}}`);
    expect(readRequest(body, 'chat.completions')).toMatchObject({
      ok: false,
      code: 'invalid_parameter',
      param: 'max_tokens',
      message: 'The parameter "max_tokens" must be a positive integer.',
    });
  });

  it('names the member of stream_options', () => {
    expect(read({ ...CHAT, stream_options: { include_usage: 'yes' } })).toMatchObject({
      code: 'invalid_parameter',
      param: 'stream_options.include_usage',
      message:
        'The parameter "stream_options.include_usage" must be true, false or null, not a string.',
    });
  });

  it('is not JSON, or has a key twice', () => {
    expect(readRequest(encoder.encode('{'), 'chat.completions')).toMatchObject({
      code: 'malformed_json',
      param: null,
    });
    const twice = encoder.encode('{"model":"a","messages":[],"model":"b"}');
    expect(readRequest(twice, 'chat.completions')).toMatchObject({ code: 'json_limits' });
  });

  it('takes the largest values there are', () => {
    const most = { n: 128, max_tokens: Number.MAX_SAFE_INTEGER, model: 'é'.repeat(256) };
    expect(read({ ...CHAT, ...most }).ok).toBe(true);
  });
});

describe('an edited request', () => {
  it('is the very same body when nothing changes', () => {
    const body = encoder.encode('{"model":"a","messages":[],"stream":true}');
    expect(editRequest(body, facts(body), { model: 'a', addStreamUsage: false })).toBe(body);
    const asked = encoder.encode(
      '{"model":"a","messages":[],"stream":true,"stream_options":{"include_usage":true}}',
    );
    expect(editRequest(asked, facts(asked), { model: 'a', addStreamUsage: true })).toBe(asked);
    const plain = encoder.encode('{"model":"a","messages":[]}');
    expect(editRequest(plain, facts(plain), { model: 'a', addStreamUsage: true })).toBe(plain);
  });

  it.each([
    [
      '{"model":"a","messages":[],"stream":true}',
      '{"stream_options":{"include_usage":true},"model":"b","messages":[],"stream":true}',
    ],
    [
      ' { "stream" : true,"messages":[] , "model" : "a" }\n',
      ' {"stream_options":{"include_usage":true}, "stream" : true,"messages":[] , "model" : "b" }\n',
    ],
    [
      '{"stream_options":null,"model":"a","messages":[],"stream":true}',
      '{"stream_options":{"include_usage":true},"model":"b","messages":[],"stream":true}',
    ],
    [
      '{"model":"a","messages":[],"stream":true,"stream_options":{}}',
      '{"model":"b","messages":[],"stream":true,"stream_options":{"include_usage":true}}',
    ],
    [
      '{"model":"a","messages":[],"stream":true,"stream_options":{ \n }}',
      '{"model":"b","messages":[],"stream":true,"stream_options":{"include_usage":true \n }}',
    ],
    [
      '{"model":"a","messages":[],"stream":true,"stream_options":{"include_usage": false }}',
      '{"model":"b","messages":[],"stream":true,"stream_options":{"include_usage": true }}',
    ],
    [
      '{"model":"a","messages":[],"stream":true,"stream_options":{"x":[1],"include_usage":null}}',
      '{"model":"b","messages":[],"stream":true,"stream_options":{"x":[1],"include_usage":true}}',
    ],
    [
      '{"model":"a","messages":[],"stream":true,"stream_options":{"include_obfuscation":false}}',
      '{"model":"b","messages":[],"stream":true,"stream_options":{"include_usage":true,"include_obfuscation":false}}',
    ],
  ])('asks for usage and loses nothing: %s', (before, after) => {
    expect(edit(before, { model: 'b', addStreamUsage: true })).toBe(after);
  });

  it('keeps large numbers, escapes and the order of members as they came', () => {
    const before = String.raw`{"seed":9007199254740993,"t":1e400,"model":"a","messages":["\ud83d"],"x":1.10}`;
    const after = String.raw`{"seed":9007199254740993,"t":1e400,"model":"b","messages":["\ud83d"],"x":1.10}`;
    expect(edit(before, { model: 'b', addStreamUsage: true })).toBe(after);
  });

  it('writes any name of a model so that it reads back as it is', () => {
    const name = '"\\\u0001 é👍\ud83d';
    const after = edit('{"model":"a","messages":[]}', { model: name, addStreamUsage: false });
    expect(JSON.parse(after)).toEqual({ model: name, messages: [] });
  });

  it('parses to what was sent with the edited members alone changed, and no other byte is touched', () => {
    const options = fc.constantFrom(null, {}, { include_usage: false }, { a: { b: 1 } });
    const members = fc.record(
      {
        messages: fc.array(fc.jsonValue({ maxDepth: 2 }), { maxLength: 3 }),
        stream: fc.constantFrom(true, false, null),
        stream_options: options,
        metadata: fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 1 }), { maxKeys: 3 }),
        user: fc.string({ unit: 'binary' }),
      },
      { requiredKeys: ['messages'] },
    );
    fc.assert(
      fc.property(members, fc.constantFrom(0, 1, 3), (sent, indent) => {
        const text = JSON.stringify({ ...sent, model: 'the-old-name' }, null, indent);
        const renamed = text.replace('"the-old-name"', '"new"');
        expect(edit(text, { model: 'new', addStreamUsage: false })).toBe(renamed);

        const counted = edit(text, { model: 'new', addStreamUsage: true });
        const stream_options = { ...sent.stream_options, include_usage: true };
        const plain: unknown = JSON.parse(renamed);
        expect(JSON.parse(counted)).toEqual(
          sent.stream === true ? Object.assign({}, plain, { stream_options }) : plain,
        );
      }),
      { numRuns: 1000 },
    );
  });
});
