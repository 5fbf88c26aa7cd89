/**
 * JSON Schemas as constrained output takes them: every object closed, and no keyword that would be refused. What is taken out is told
 * to the model in the description instead. Source: https://platform.claude.com/docs/en/build-with-claude/structured-outputs, "JSON
 * Schema limitations"; the official SDKs do alike.
 */
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../json/value.ts';

const KEPT = new Set([
  'type',
  'enum',
  'const',
  'description',
  'title',
  'default',
  'required',
  '$ref',
]);
const SCHEMA_MAPS = new Set(['properties', '$defs', 'definitions']);
const SCHEMA_LISTS = new Set(['anyOf', 'allOf']);
const FORMATS = new Set([
  'date-time',
  'time',
  'date',
  'duration',
  'email',
  'hostname',
  'uri',
  'ipv4',
  'ipv6',
  'uuid',
]);
/** Says nothing about a value. */
const SILENT = new Set(['$schema', '$id', '$comment']);

export interface ClosedSchema {
  readonly schema: JsonObject;
  /** Whether a keyword that constrains was put into a description. */
  readonly loosened: boolean;
}

export function closeSchema(schema: JsonObject): ClosedSchema {
  const state = { loosened: false };
  return { schema: closed(schema, state), loosened: state.loosened };
}

interface State {
  loosened: boolean;
}

function closed(schema: JsonObject, state: State): JsonObject {
  const result: Record<string, JsonValue> = {};
  const asides: string[] = [];
  for (const [name, value] of Object.entries(schema)) {
    if (value === undefined || name === 'additionalProperties' || SILENT.has(name)) continue;
    const kept = keptKeyword(name, value, state);
    if (kept === null) asides.push(`${name}: ${JSON.stringify(value)}`);
    else result[kept.name] = kept.value;
  }
  if (isObjectSchema(schema)) {
    const open = schema['additionalProperties'];
    if (open !== undefined && open !== false) asides.push('additionalProperties: allowed');
    result['additionalProperties'] = false;
  }
  return asides.length === 0 ? result : withAsides(result, asides, state);
}

/** A keyword as it may stay; null where it has to go. */
function keptKeyword(
  name: string,
  value: JsonValue,
  state: State,
): { readonly name: string; readonly value: JsonValue } | null {
  if (KEPT.has(name) || isTaken(name, value)) return { name, value };
  if (SCHEMA_MAPS.has(name) && isJsonObject(value)) return { name, value: closedMap(value, state) };
  if (isJsonArray(value)) {
    if (name === 'oneOf') return { name: 'anyOf', value: closedList(value, state) };
    return SCHEMA_LISTS.has(name) ? { name, value: closedList(value, state) } : null;
  }
  return name === 'items' ? { name, value: closedValue(value, state) } : null;
}

function withAsides(schema: JsonObject, asides: readonly string[], state: State): JsonObject {
  state.loosened = true;
  const { description } = schema;
  const said = typeof description === 'string' ? `${description}\n\n` : '';
  return { ...schema, description: `${said}{${asides.join(', ')}}` };
}

function isObjectSchema(schema: JsonObject): boolean {
  const type = schema['type'];
  return (
    type === 'object' || (isJsonArray(type) && type.includes('object')) || 'properties' in schema
  );
}

function isTaken(name: string, value: JsonValue): boolean {
  if (name === 'format') return typeof value === 'string' && FORMATS.has(value);
  return name === 'minItems' && (value === 0 || value === 1);
}

function closedMap(map: JsonObject, state: State): JsonObject {
  return Object.fromEntries(
    Object.entries(map).map(([name, value]) => [name, closedValue(value ?? null, state)]),
  );
}

function closedList(list: readonly JsonValue[], state: State): JsonValue {
  return list.map((value) => closedValue(value, state));
}

function closedValue(value: JsonValue, state: State): JsonValue {
  return isJsonObject(value) ? closed(value, state) : value;
}
