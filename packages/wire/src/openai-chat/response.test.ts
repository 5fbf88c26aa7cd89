import { readFileSync } from 'node:fs';
import { tokenUsage } from '@keywell/core/log/token-usage';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readResponse } from './response.ts';

const encoder = new TextEncoder();
const read = (text: string) => readResponse(encoder.encode(text), 'chat.completions');
const fixture = (name: string): Uint8Array =>
  readFileSync(new URL(`./fixtures/${name}`, import.meta.url));
const usageOf = (usage: unknown) => {
  const result = read(JSON.stringify({ choices: [], usage }));
  return result.ok ? result.usage : 'not read';
};

describe('a whole answer', () => {
  it.each([
    ['chat-completion.json', 'chat.completions', [31, 24, 16, 8]],
    ['completion.json', 'completions', [5, 7, 0, 0]],
    ['embeddings.json', 'embeddings', [8, 0, 0, 0]],
  ] as const)('tells its usage: %s', (name, operation, [input, output, cached, reasoning]) => {
    expect(readResponse(fixture(name), operation)).toEqual({
      ok: true,
      error: false,
      usage: tokenUsage({
        inputTokens: input,
        outputTokens: output,
        cachedTokens: cached,
        reasoningTokens: reasoning,
      }),
    });
  });

  it('is none when it is cut anywhere', () => {
    const body = fixture('chat-completion.json').subarray(0, -1);
    for (let length = 0; length < body.length; length++) {
      expect(readResponse(body.subarray(0, length), 'chat.completions')).toEqual({ ok: false });
    }
    expect(readResponse(body, 'chat.completions').ok).toBe(true);
  });

  it.each(['', 'null', '[]', '[{"error":{}}]', '<html></html>', '"ok"', '{"a":1}x'])(
    'is none when it is no JSON object: %j',
    (text) => {
      expect(read(text)).toEqual({ ok: false });
    },
  );

  it.each([
    '{"error":{"message":"no"}}',
    '{"error":{}}',
    '{"error":"no","choices":[]}',
    '{"choices":[],"error":{"code":429}}',
    '{"object":"error","message":"no"}',
    '{"error":null,"choices":[],"error":{}}',
    '{"base_resp":{"status_code":1008},"choices":null}',
    '{}',
    '{"data":[]}',
  ])('is an error in disguise: %s', (text) => {
    expect(read(text)).toMatchObject({ ok: true, error: true });
  });

  it.each([
    '{"choices":[],"error":null}',
    '{"choices":[],"error":""}',
    '{"choices":[],"error":false}',
    '{"choices":[{"message":{"content":"\\"error\\":{}","error":{"a":1}}}]}',
    '{"choices":[],"x":1,"x":2}',
  ])('is no error: %s', (text) => {
    expect(read(text)).toMatchObject({ ok: true, error: false });
  });
});

describe('usage', () => {
  it.each([
    [{ prompt_tokens: 3, completion_tokens: 4 }, [3, 4, 0, 0]],
    [{ prompt_tokens: 3 }, [3, 0, 0, 0]],
    [{ completion_tokens: 4, prompt_tokens: null }, [0, 4, 0, 0]],
    [
      { prompt_tokens: 3, prompt_tokens_details: null, completion_tokens_details: 'x' },
      [3, 0, 0, 0],
    ],
    [
      {
        prompt_tokens: 3,
        prompt_tokens_details: { cached_tokens: 2 },
        completion_tokens_details: { reasoning_tokens: -1 },
      },
      [3, 0, 2, 0],
    ],
  ])('counts what is missing as 0: %j', (usage, [input, output, cached, reasoning]) => {
    expect(usageOf(usage)).toEqual(
      tokenUsage({
        inputTokens: input,
        outputTokens: output,
        cachedTokens: cached,
        reasoningTokens: reasoning,
      }),
    );
  });

  it.each([
    undefined,
    null,
    {},
    [],
    'many',
    7,
    { prompt_tokens: -1 },
    { prompt_tokens: 1.5 },
    { prompt_tokens: '3' },
    { prompt_tokens: 3, completion_tokens: 'x' },
    { prompt_tokens: 1e300 },
    { total_tokens: 9 },
  ])('is null where it says nothing that can be counted: %j', (usage) => {
    expect(usageOf(usage)).toBeNull();
  });

  it('is what a parser would read, however the numbers are written', () => {
    const count = fc.constantFrom('3', '0', '-1', '3.0', '3e0', '1.5', '9007199254740993', '"3"');
    const member = fc.oneof(count, fc.constantFrom('null', '[]', 'true', '{}', '{"audio":1}'));
    const details = (...names: readonly string[]) =>
      fc.oneof(
        member,
        fc
          .array(fc.tuple(fc.constantFrom(...names), member), { maxLength: 4 })
          .map((each) => `{"x":1${each.map(([name, value]) => `,"${name}":${value}`).join('')}}`),
      );
    const usage = fc.record(
      {
        prompt_tokens: member,
        completion_tokens: member,
        prompt_tokens_details: details(
          'cached_tokens',
          'cache_write_tokens',
          'audio_tokens',
          'image_tokens',
        ),
        completion_tokens_details: details('reasoning_tokens', 'audio_tokens'),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(usage, (members) => {
        const text = Object.entries(members).map(([name, value]) => `"${name}":${value}`);
        const result = read(`{"choices":[],"usage":{${text.join(',')}}}`);
        expect(result.ok && result.usage).toEqual(expected(members));
      }),
      { numRuns: 2000 },
    );
  });
});

/** What the members say by JSON.parse. */
function expected(members: Readonly<Record<string, string>>): object | null {
  const value = (text: string | undefined): unknown => JSON.parse(text ?? 'null');
  const isCount = (count: unknown): boolean => Number.isSafeInteger(count) && Number(count) >= 0;
  const input = value(members['prompt_tokens']);
  const output = value(members['completion_tokens']);
  if (input === null && output === null) return null;
  if (![input, output].every((count) => count === null || isCount(count))) return null;
  const detail = (name: string, inner: string): number => {
    const found = new Map<string, unknown>(Object.entries(value(members[name]) ?? {})).get(inner);
    return isCount(found) ? Number(found) : 0;
  };
  return tokenUsage({
    inputTokens: Number(input),
    outputTokens: Number(output),
    cachedTokens: detail('prompt_tokens_details', 'cached_tokens'),
    cacheWriteTokens: detail('prompt_tokens_details', 'cache_write_tokens'),
    audioInputTokens: detail('prompt_tokens_details', 'audio_tokens'),
    imageInputTokens: detail('prompt_tokens_details', 'image_tokens'),
    reasoningTokens: detail('completion_tokens_details', 'reasoning_tokens'),
    audioOutputTokens: detail('completion_tokens_details', 'audio_tokens'),
  });
}
