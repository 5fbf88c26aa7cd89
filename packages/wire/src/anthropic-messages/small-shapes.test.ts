import type { ErrorCode } from '@keywell/core/errors/catalogue';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Drops } from '../canonical/drops.ts';
import { toolCall } from '../canonical/sample-parts.contract.ts';
import { base64ToText, textToBase64 } from './base64-text.ts';
import { closeSchema } from './closed-schema.ts';
import {
  decodeCountTokens,
  encodeCountTokens,
  readTokenCount,
  renderTokenCount,
} from './count-tokens.ts';
import { renderModel, renderModelList } from './models.ts';
import { renderError, renderStreamError } from './render-error.ts';
import { openThought, sealThought, type SealNote } from './thought-seal.ts';
import { toolUseId } from './tool-id.ts';
import { argumentsOf, inputOf } from '../canonical/tool-input.ts';

describe('an error in the Messages dialect', () => {
  it.each<[ErrorCode, string]>([
    ['malformed_json', 'invalid_request_error'],
    ['invalid_credentials', 'authentication_error'],
    ['budget_exhausted', 'billing_error'],
    ['model_not_allowed', 'permission_error'],
    ['model_not_found', 'not_found_error'],
    ['payload_too_large', 'request_too_large'],
    ['pool_exhausted', 'rate_limit_error'],
    ['internal_error', 'api_error'],
    ['upstream_error', 'api_error'],
    ['overloaded', 'overloaded_error'],
    ['upstream_timeout', 'timeout_error'],
  ])('has the type of its status: %s', (code, type) => {
    expect(JSON.parse(renderError({ code, message: 'm', requestId: 'req_1' }))).toEqual({
      type: 'error',
      error: { type, message: 'm', details: { error_code: code } },
      request_id: 'req_1',
    });
  });

  it('is one line of JSON whatever the message holds', () => {
    const message = 'a "b"\n\r\u2028 data: x\n\n\ud83d';
    const text = renderStreamError({ code: 'upstream_error', message, requestId: null });
    expect(text).toMatch(/^event: error\ndata: \{[^\n\r]*\}\n\n$/);
  });
});

describe('models', () => {
  const model = {
    id: 'smart',
    displayName: null,
    createdAt: 0,
    maxInputTokens: 200_000,
    maxOutputTokens: null,
  };

  it('are one page, with its first and last id', () => {
    const list = JSON.parse(
      renderModelList([model, { ...model, id: 'fast', displayName: 'Fast' }]),
    );
    expect(list).toMatchObject({ has_more: false, first_id: 'smart', last_id: 'fast' });
    expect(list.data[1]).toMatchObject({ type: 'model', display_name: 'Fast' });
    expect(JSON.parse(renderModelList([]))).toEqual({
      data: [],
      has_more: false,
      first_id: null,
      last_id: null,
    });
  });

  it('have a name and the time of the epoch where nothing better is known', () => {
    expect(JSON.parse(renderModel(model))).toMatchObject({
      display_name: 'smart',
      created_at: '1970-01-01T00:00:00.000Z',
      max_input_tokens: 200_000,
    });
  });
});

describe('counting tokens', () => {
  it('asks with what counts of a request alone', () => {
    const body = {
      model: 'claude-opus-5',
      messages: [{ role: 'user', content: 'Hello' }],
      system: 'Be brief.',
      thinking: { type: 'adaptive' },
      context_management: { edits: [] },
    };
    const request = decodeCountTokens(body);
    expect(request.ok && encodeCountTokens(request.value, new Drops())).toEqual(body);
    expect(decodeCountTokens({ model: 'm' })).toMatchObject({ ok: false, param: 'messages' });
  });

  it('answers with a number, or says that there is none', () => {
    expect(readTokenCount(JSON.parse(renderTokenCount(14)))).toBe(14);
    expect(readTokenCount({ input_tokens: '14' })).toBeNull();
  });
});

describe('a tool call’s arguments', () => {
  it.each([
    ['', {}],
    [' {"a":1} ', { a: 1 }],
    ['[1]', { _raw: '[1]' }],
    ['{"a":', { _raw: '{"a":' }],
    ['null', { _raw: 'null' }],
  ])('are an object: %s', (text, input) => {
    expect(inputOf(toolCall('a', 'n', text))).toEqual(input);
  });

  it('ride as text where they are too deep to be written again', () => {
    const deep = `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`;
    expect(inputOf(toolCall('a', 'n', deep))).toEqual({ _raw: deep });
    const level = (depth: number): string => `${'{"[":'.repeat(depth)}1${'}'.repeat(depth)}`;
    expect(inputOf(toolCall('a', 'n', level(64)))).not.toHaveProperty('_raw');
    expect(inputOf(toolCall('a', 'n', level(65)))).toHaveProperty('_raw');
  });

  it('come back as they were where they were no JSON object', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const input = inputOf(toolCall('a', 'n', text));
        const back = argumentsOf(input);
        expect(inputOf(toolCall('a', 'n', back))).toEqual(input);
        expect(back).toBe('_raw' in input ? text : back);
      }),
    );
  });
});

describe('an id of a call', () => {
  it('has the letters that are allowed, and is another for another', () => {
    for (const id of ['a b', 'ä👋', '\ud83d', '', '.']) {
      expect(toolUseId(id)).toMatch(/^[a-zA-Z0-9_-]+$/);
    }
    expect(toolUseId('functions.get:0')).toBe('functions_x2e_get_x3a_0');
    expect(toolUseId('toolu_01-a')).toBe('toolu_01-a');
    expect(toolUseId('a.b')).not.toBe(toolUseId('a:b'));
  });
});

describe('a sealed thought', () => {
  it.each<SealNote | null>([
    null,
    { kind: 'text' },
    { kind: 'call', id: 'call_#1' },
    { kind: 'item', id: 'rs_1' },
  ])('opens as it was closed: %j', (note) => {
    const signature = { origin: 'gemini', value: 'c2lnbmVk==' } as const;
    expect(openThought(sealThought(signature, note))).toEqual({ signature, note });
  });

  it('is left as it is where it is this dialect’s own, or not marked as the gateway does', () => {
    const own = { origin: 'anthropic-messages', value: 'EqQB#item:1' } as const;
    expect(sealThought(own, { kind: 'text' })).toBe(own.value);
    expect(openThought(own.value)).toEqual({ signature: own, note: null });
    expect(openThought('Keywell/gemiabc#rest').note).toBeNull();
  });
});

describe('text in base64', () => {
  it('comes back, however long', () => {
    for (const text of ['', 'Grüße 👋', 'ä'.repeat(50_000)]) {
      expect(base64ToText(textToBase64(text))).toBe(text);
    }
    expect(base64ToText('%%%')).toBeNull();
  });
});

describe('a schema for constrained output', () => {
  it('has its objects closed at every depth', () => {
    const open = {
      type: 'object',
      properties: { a: { $ref: '#/$defs/a' } },
      $defs: { a: { properties: { b: true } } },
    };
    expect(closeSchema(open)).toEqual({
      loosened: false,
      schema: {
        type: 'object',
        properties: { a: { $ref: '#/$defs/a' } },
        $defs: { a: { properties: { b: true }, additionalProperties: false } },
        additionalProperties: false,
      },
    });
  });

  it('says in words what it cannot hold', () => {
    const { schema, loosened } = closeSchema({
      $schema: 'x',
      type: 'object',
      description: 'A map.',
      additionalProperties: { type: 'string' },
      properties: {
        at: { type: 'string', format: 'date-time' },
        by: { type: 'string', format: 'isbn' },
        of: {
          oneOf: [
            { type: 'array', minItems: 1 },
            { type: 'array', minItems: 2 },
          ],
        },
      },
    });
    expect(loosened).toBe(true);
    expect(schema).toEqual({
      type: 'object',
      description: 'A map.\n\n{additionalProperties: allowed}',
      properties: {
        at: { type: 'string', format: 'date-time' },
        by: { type: 'string', description: '{format: "isbn"}' },
        of: {
          anyOf: [
            { type: 'array', minItems: 1 },
            { type: 'array', description: '{minItems: 2}' },
          ],
        },
      },
      additionalProperties: false,
    });
  });
});
