import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AnswerStamp } from '@keywell/wire/canonical/codec';
import { DIALECTS, type Dialect } from '@keywell/wire/canonical/dialect';
import { Drops } from '@keywell/wire/canonical/drops';
import { NO_USAGE } from '@keywell/wire/canonical/response';
import {
  SAMPLE_REQUESTS,
  SAMPLE_RESPONSES,
  sampleRequest,
} from '@keywell/wire/canonical/samples.contract';
import type { JsonObject, JsonValue } from '@keywell/wire/json/value';
import { codecOf, loadCodecs } from './codec-of.ts';

await loadCodecs(DIALECTS);

/** Whatever is understood of it can be said, and written, in every dialect. */
const PLACE = { model: 'm', stream: false };
const STAMP: AnswerStamp = {
  id: 'abc',
  model: 'm',
  createdAt: 1,
  includeUsage: true,
  request: sampleRequest([]),
};

const PAIRS = DIALECTS.flatMap((from) => DIALECTS.map((to) => [from, to] as const));

function requestIn(dialect: Dialect, body: JsonObject, to: Dialect): string | null {
  const decoded = codecOf(dialect).decodeRequest(body, PLACE);
  if (!decoded.ok) return null;
  return JSON.stringify(codecOf(to).encodeRequest(decoded.value, new Drops()));
}

function answerIn(dialect: Dialect, body: JsonObject, to: Dialect): string | null {
  const decoded = codecOf(dialect).decodeResponse(body, 'seed');
  if (!decoded.ok) return null;
  for (const count of Object.values(decoded.value.usage ?? NO_USAGE)) {
    expect(Number.isSafeInteger(count) && count >= 0).toBe(true);
  }
  return JSON.stringify(codecOf(to).encodeResponse(decoded.value, STAMP, new Drops()));
}

/** What stands where something else is expected. */
const ODD: readonly JsonValue[] = [
  null,
  true,
  -1,
  1.5,
  1e308,
  2 ** 53,
  4e9,
  '',
  '__proto__',
  'constructor',
  '\ud800',
  'a\r\nb: c',
  'data:;base64,',
  'data:text/html,<b>',
  '{"a":1',
  `${'['.repeat(9000)}${']'.repeat(9000)}`,
  [],
  [null],
  [[]],
  [{}],
  {},
  { type: 'constructor' },
  { role: '__proto__' },
  JSON.parse('{"__proto__":{"a":1},"constructor":1,"toString":"x"}'),
];

const written = (body: JsonObject): JsonObject => JSON.parse(JSON.stringify(body));

type Mutable = { [name: string]: unknown } | unknown[];

/** Puts something odd in the place of one member, wherever it is, that the numbers choose. */
function mutated(body: JsonObject, where: number, what: number): JsonObject {
  const copy = structuredClone(body);
  const places: (readonly [Mutable, string])[] = [];
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    const holder: Mutable = Array.isArray(value) ? value : Object.assign(value);
    for (const name of Object.keys(holder)) {
      places.push([holder, name]);
      visit(Reflect.get(holder, name));
    }
  };
  visit(copy);
  const [holder, name] = places[where % places.length] ?? [{}, ''];
  if (what >= ODD.length) Reflect.deleteProperty(holder, name);
  else Reflect.set(holder, name, structuredClone(ODD[what]));
  return written(copy);
}

const mutations = fc.array(fc.tuple(fc.nat(400), fc.nat(ODD.length)), {
  minLength: 1,
  maxLength: 3,
});

describe.each(DIALECTS)('%s', (dialect) => {
  it('refuses a broken request, or says it in every dialect', () => {
    const samples = [...SAMPLE_REQUESTS.values()].map((request) =>
      written(codecOf(dialect).encodeRequest(request, new Drops())),
    );
    fc.assert(
      fc.property(fc.constantFrom(...samples), mutations, (sample, changes) => {
        const body = changes.reduce((at, [where, what]) => mutated(at, where, what), sample);
        for (const to of DIALECTS)
          expect(typeof requestIn(dialect, body, to)).not.toBe('undefined');
      }),
      { numRuns: 150 },
    );
  });

  it('refuses a broken answer, or says it in every dialect, and counts in whole numbers', () => {
    const samples = [...SAMPLE_RESPONSES.values()].map((response) =>
      written(codecOf(dialect).encodeResponse(response, STAMP, new Drops())),
    );
    fc.assert(
      fc.property(fc.constantFrom(...samples), mutations, (sample, changes) => {
        const body = changes.reduce((at, [where, what]) => mutated(at, where, what), sample);
        for (const to of DIALECTS) expect(typeof answerIn(dialect, body, to)).not.toBe('undefined');
      }),
      { numRuns: 150 },
    );
  });
});

const DEPTHS = [65, 1000, 5000, 50_000];
const nested = (open: string, close: string, depth: number): string =>
  `${open.repeat(depth)}1${close.repeat(depth)}`;

/** A call of a tool with these arguments, by a model of long ago. */
const CALLS: readonly (readonly [Dialect, (text: string) => JsonObject])[] = [
  [
    'openai-chat',
    (text) => ({
      messages: [
        { role: 'user', content: 'x' },
        {
          role: 'assistant',
          tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: text } }],
        },
        { role: 'tool', tool_call_id: 'c', content: text },
      ],
    }),
  ],
  [
    'openai-responses',
    (text) => ({
      input: [
        { type: 'message', role: 'user', content: 'x' },
        { type: 'function_call', call_id: 'c', name: 'f', arguments: text },
        { type: 'function_call_output', call_id: 'c', output: text },
      ],
    }),
  ],
];

describe.each(CALLS)('a tool call of %s whose arguments nest', (dialect, callWith) => {
  it.each(DIALECTS)('deeper than can be written is text for %s, nothing that throws', (to) => {
    for (const depth of DEPTHS) {
      for (const text of [nested('{"a":', '}', depth), `{"a":${nested('[', ']', depth)}}`]) {
        expect(requestIn(dialect, callWith(text), to)).toContain('a');
      }
    }
  });
});

it.each(PAIRS)('what %s calls __proto__ is a name like any other in %s', (from, to) => {
  const request = SAMPLE_REQUESTS.get('tools') ?? sampleRequest([]);
  const body = JSON.stringify(codecOf(from).encodeRequest(request, new Drops()));
  const renamed: JsonObject = JSON.parse(body.replaceAll('"city"', '"__proto__"'));
  const text = requestIn(from, renamed, to);
  expect(text).not.toBeNull();
  expect(Object.keys(Object.prototype)).toEqual([]);
});

/** An answer with this in the place of its usage. */
const COUNTED: Readonly<Record<Dialect, (counts: readonly [unknown, unknown]) => unknown>> = {
  'openai-chat': ([input, output]) => ({
    choices: [{ index: 0, message: { role: 'assistant', content: 'x' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: input, completion_tokens: output },
  }),
  'openai-responses': ([input, output]) => ({
    status: 'completed',
    output: [{ type: 'message', content: [{ type: 'output_text', text: 'x' }] }],
    usage: { input_tokens: input, output_tokens: output },
  }),
  'anthropic-messages': ([input, output]) => ({
    content: [{ type: 'text', text: 'x' }],
    usage: { input_tokens: input, output_tokens: output, cache_read_input_tokens: output },
  }),
  gemini: ([input, output]) => ({
    candidates: [{ content: { parts: [{ text: 'x' }] }, finishReason: 'STOP' }],
    usageMetadata: {
      promptTokenCount: input,
      candidatesTokenCount: output,
      thoughtsTokenCount: output,
    },
  }),
  'bedrock-converse': ([input, output]) => ({
    output: { message: { role: 'assistant', content: [{ text: 'x' }] } },
    stopReason: 'end_turn',
    usage: { inputTokens: input, outputTokens: output, cacheReadInputTokens: output },
  }),
};

describe.each(DIALECTS)('usage in %s', (dialect) => {
  const usageOf = (input: unknown, output: unknown) => {
    const body: JsonObject = JSON.parse(JSON.stringify(COUNTED[dialect]([input, output])));
    const decoded = codecOf(dialect).decodeResponse(body, 'seed');
    return decoded.ok ? decoded.value.usage : 'refused';
  };

  it.each([-1, 1.5, '7', null, 1e300, Number.MAX_SAFE_INTEGER])(
    'that counts %j is none, so that it is estimated and not free',
    (count) => {
      expect(usageOf(count, count)).toBeNull();
    },
  );

  it('counts what is a count beside what is none', () => {
    expect(usageOf(5, -1)).toMatchObject({ inputTokens: 5, outputTokens: 0 });
  });
});
