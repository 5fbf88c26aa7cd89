/**
 * Gemini's `Schema` (a part of OpenAPI 3.0, types in capitals) as JSON Schema. Source: `Schema` of @google/genai,
 * https://ai.google.dev/api/caching#Schema. Back again nothing is needed: `parametersJsonSchema` and `responseJsonSchema` take JSON
 * Schema on both Google AI Studio and Vertex AI, where the official SDK sends them untouched.
 */
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../json/value.ts';
import { camelMembers } from './member-names.ts';

const TYPES: ReadonlySet<string> = new Set([
  'string',
  'number',
  'integer',
  'boolean',
  'array',
  'object',
  'null',
]);
/** int64 members travel as strings in proto3 JSON. */
const COUNTS: ReadonlySet<string> = new Set([
  'minItems',
  'maxItems',
  'minLength',
  'maxLength',
  'minProperties',
  'maxProperties',
]);

/** What is JSON Schema already comes back as it is; what is unknown rides along. */
export function jsonSchemaOf(schema: JsonObject): JsonObject {
  const from = camelMembers(schema);
  const to: Record<string, JsonValue | undefined> = {};
  const type = typeOf(from['type']);
  for (const name of Object.keys(from)) {
    const value = from[name];
    if (value === undefined || name === '__proto__') continue;
    if (name === 'type') to['type'] = type;
    else if (name === 'enum') to['enum'] = enumOf(value, type);
    else if (name === 'example') to['examples'] = [value];
    else if (name === 'format' && value === 'enum') continue;
    else if (name !== 'nullable') to[name] = memberOf(name, value);
  }
  if (type === undefined) delete to['type'];
  return from['nullable'] === true ? nullable(to) : to;
}

function memberOf(name: string, value: JsonValue): JsonValue {
  if (name === 'properties' && isJsonObject(value)) return schemasIn(value);
  if (name === 'items' || name === 'additionalProperties') return schemaOr(value);
  if ((name === 'anyOf' || name === 'prefixItems') && isJsonArray(value)) {
    return value.map((each) => schemaOr(each));
  }
  if (COUNTS.has(name) && typeof value === 'string' && /^\d{1,15}$/.test(value)) {
    return Number(value);
  }
  return value;
}

function schemasIn(properties: JsonObject): JsonObject {
  const schemas: Record<string, JsonValue | undefined> = {};
  for (const name of Object.keys(properties)) {
    if (name !== '__proto__') schemas[name] = schemaOr(properties[name] ?? {});
  }
  return schemas;
}

function schemaOr(value: JsonValue): JsonValue {
  return isJsonObject(value) ? jsonSchemaOf(value) : value;
}

function typeOf(type: JsonValue | undefined): JsonValue | undefined {
  if (typeof type !== 'string') return type;
  const name = type.toLowerCase();
  return TYPES.has(name) ? name : type === 'TYPE_UNSPECIFIED' ? undefined : type;
}

/** Gemini writes the values of an enum of numbers as strings. */
function enumOf(values: JsonValue, type: JsonValue | undefined): JsonValue {
  if (!isJsonArray(values) || (type !== 'integer' && type !== 'number')) return values;
  return values.map((value) => {
    const number = typeof value === 'string' && value !== '' ? Number(value) : Number.NaN;
    return Number.isFinite(number) ? number : value;
  });
}

function nullable(schema: Record<string, JsonValue | undefined>): JsonObject {
  const type = schema['type'];
  if (typeof type === 'string') {
    const values = schema['enum'];
    const withNull = isJsonArray(values) ? { enum: [...values, null] } : {};
    return { ...schema, type: [type, 'null'], ...withNull };
  }
  if (isJsonArray(type)) return { ...schema, type: [...type, 'null'] };
  const choices = schema['anyOf'];
  return isJsonArray(choices) ? { ...schema, anyOf: [...choices, { type: 'null' }] } : schema;
}
