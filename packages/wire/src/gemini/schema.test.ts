import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../json/value.ts';
import { jsonSchemaOf } from './schema.ts';

describe("Gemini's schema as JSON Schema", () => {
  it.each<[string, JsonObject, JsonObject]>([
    ['types in capitals', { type: 'STRING' }, { type: 'string' }],
    ['no type', { type: 'TYPE_UNSPECIFIED', title: 'a' }, { title: 'a' }],
    ['an unknown type', { type: 'MOON' }, { type: 'MOON' }],
    ['what may be null', { type: 'STRING', nullable: true }, { type: ['string', 'null'] }],
    [
      'an enum that may be null',
      { type: 'STRING', format: 'enum', enum: ['a'], nullable: true },
      { type: ['string', 'null'], enum: ['a', null] },
    ],
    [
      'a choice that may be null',
      { anyOf: [{ type: 'STRING' }], nullable: true },
      { anyOf: [{ type: 'string' }, { type: 'null' }] },
    ],
    ['anything that may be null', { nullable: true }, {}],
    [
      'an enum of numbers',
      { type: 'INTEGER', enum: ['1', 'x', ''] },
      { type: 'integer', enum: [1, 'x', ''] },
    ],
    ['counts as text', { minLength: '2', maxItems: 'many' }, { minLength: 2, maxItems: 'many' }],
    ['an example', { type: 'NUMBER', example: 1 }, { type: 'number', examples: [1] }],
    [
      'properties, whose names stay',
      { type: 'OBJECT', properties: { max_items: { type: 'BOOLEAN' } }, property_ordering: ['a'] },
      {
        type: 'object',
        properties: { max_items: { type: 'boolean' } },
        propertyOrdering: ['a'],
      },
    ],
    [
      'JSON Schema as it is',
      { type: ['string', 'null'], $defs: { a: {} }, additionalProperties: false },
      { type: ['string', 'null'], $defs: { a: {} }, additionalProperties: false },
    ],
  ])('%s', (_, schema, expected) => {
    expect(jsonSchemaOf(schema)).toEqual(expected);
  });
});
