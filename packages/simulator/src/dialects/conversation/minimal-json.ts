/** The smallest value that fits a JSON Schema: what simulated tool calls and structured outputs are made of. */
import { isObject } from '../json-body.ts';
import type { JsonObject } from '../json-body.ts';

const MAX_DEPTH = 16;
const MAX_VALUES = 2000;

interface Walk {
  readonly root: JsonObject;
  left: number;
}

/** Bounded in depth and size, so that a schema which refers to itself ends. */
export function minimalJson(schema: unknown): unknown {
  if (!isObject(schema)) return {};
  return valueFor(schema, { root: schema, left: MAX_VALUES }, 0);
}

function valueFor(schema: unknown, walk: Walk, depth: number): unknown {
  if (!isObject(schema) || depth > MAX_DEPTH || walk.left-- <= 0) return null;
  for (const given of ['const', 'default']) {
    if (schema[given] !== undefined) return schema[given];
  }
  const choices = schema['enum'];
  if (Array.isArray(choices) && choices.length > 0) return choices[0] as unknown;
  if (typeof schema['$ref'] === 'string') {
    return valueFor(resolveReference(schema['$ref'], walk.root), walk, depth + 1);
  }
  for (const choice of ['anyOf', 'oneOf', 'allOf']) {
    const options = schema[choice];
    if (Array.isArray(options) && options.length > 0) {
      return valueFor(options[0] as unknown, walk, depth + 1);
    }
  }
  return valueOfType(schema, walk, depth);
}

function valueOfType(schema: JsonObject, walk: Walk, depth: number): unknown {
  const given: unknown = Array.isArray(schema['type']) ? schema['type'][0] : schema['type'];
  // Gemini's own schemas shout
  switch (typeof given === 'string' ? given.toLowerCase() : given) {
    case 'string':
      return textFor(schema);
    case 'integer':
    case 'number':
      return numberFor(schema);
    case 'boolean':
      return true;
    case 'null':
      return null;
    case 'array':
      return arrayFor(schema, walk, depth);
    default:
      return objectFor(schema, walk, depth);
  }
}

const FORMATS: Readonly<Record<string, string>> = {
  date: '2026-01-01',
  time: '00:00:00Z',
  'date-time': '2026-01-01T00:00:00Z',
  duration: 'PT1S',
  email: 'a@example.com',
  hostname: 'example.com',
  ipv4: '192.0.2.1',
  ipv6: '2001:db8::1',
  uuid: '00000000-0000-4000-8000-000000000000',
  uri: 'https://example.com/',
};

function textFor(schema: JsonObject): string {
  const format = typeof schema['format'] === 'string' ? FORMATS[schema['format']] : undefined;
  if (format !== undefined) return format;
  const shortest = typeof schema['minLength'] === 'number' ? schema['minLength'] : 0;
  const longest = typeof schema['maxLength'] === 'number' ? schema['maxLength'] : 1000;
  return 'simulated'.padEnd(Math.min(shortest, 1000), '.').slice(0, Math.max(0, longest));
}

function numberFor(schema: JsonObject): number {
  if (typeof schema['minimum'] === 'number') return schema['minimum'];
  if (typeof schema['exclusiveMinimum'] === 'number') return schema['exclusiveMinimum'] + 1;
  if (typeof schema['maximum'] === 'number') return Math.min(1, schema['maximum']);
  return 1;
}

function arrayFor(schema: JsonObject, walk: Walk, depth: number): unknown[] {
  const count = Math.min(typeof schema['minItems'] === 'number' ? schema['minItems'] : 0, 100);
  return Array.from({ length: Math.max(0, count) }, () =>
    valueFor(schema['items'], walk, depth + 1),
  );
}

function objectFor(schema: JsonObject, walk: Walk, depth: number): Record<string, unknown> {
  const properties = isObject(schema['properties']) ? schema['properties'] : {};
  const required = Array.isArray(schema['required']) ? schema['required'] : Object.keys(properties);
  const made: [string, unknown][] = [];
  for (const name of required) {
    if (typeof name === 'string') made.push([name, valueFor(properties[name], walk, depth + 1)]);
  }
  return Object.fromEntries(made);
}

function resolveReference(reference: string, root: JsonObject): unknown {
  if (!reference.startsWith('#')) return null;
  let found: unknown = root;
  for (const step of reference.slice(1).split('/').filter(Boolean)) {
    const name = step.replaceAll('~1', '/').replaceAll('~0', '~');
    found = isObject(found) && Object.hasOwn(found, name) ? found[name] : undefined;
  }
  return found;
}
