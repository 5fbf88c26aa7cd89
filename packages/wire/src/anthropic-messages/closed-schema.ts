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
    if (KEPT.has(name)) result[name] = value;
    else if (SCHEMA_MAPS.has(name) && isJsonObject(value)) result[name] = closedMap(value, state);
    else if (SCHEMA_LISTS.has(name) && isJsonArray(value)) result[name] = closedList(value, state);
    else if (name === 'oneOf' && isJsonArray(value)) result['anyOf'] = closedList(value, state);
    else if (name === 'items') result[name] = closedValue(value, state);
    else if (isTaken(name, value)) result[name] = value;
    else asides.push(`${name}: ${JSON.stringify(value)}`);
  }
  if (isObjectSchema(schema)) {
    const open = schema['additionalProperties'];
    if (open !== undefined && open !== false) asides.push('additionalProperties: allowed');
    result['additionalProperties'] = false;
  }
  if (asides.length > 0) {
    state.loosened = true;
    const said = typeof result['description'] === 'string' ? `${result['description']}\n\n` : '';
    result['description'] = `${said}{${asides.join(', ')}}`;
  }
  return result;
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
