import type { Tool, ToolChoice } from '../canonical/request.ts';
import {
  objectsIn,
  optionalBoolean,
  optionalObject,
  optionalString,
  othersIn,
  requiredObject,
  requiredString,
} from '../canonical/read-member.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../json/value.ts';
import { readCache } from './cache-control.ts';

const TOOL_MEMBERS = new Set([
  'type',
  'name',
  'description',
  'input_schema',
  'strict',
  'cache_control',
]);

export interface ReadTools {
  readonly tools: readonly Tool[];
  /** Tools with a type of their own (`web_search_20250305`, `bash_20250124` …), as they came. */
  readonly typed: readonly JsonValue[];
}

export function readTools(body: JsonObject): ReadTools {
  const tools: Tool[] = [];
  const typed: JsonValue[] = [];
  for (const { value, at } of objectsIn(body, 'tools', '')) {
    const type = optionalString(value, 'type', at) ?? 'custom';
    if (type === 'custom') tools.push(readTool(value, at));
    else typed.push(value);
  }
  return { tools, typed };
}

function readTool(value: JsonObject, at: string): Tool {
  return {
    kind: 'function',
    name: requiredString(value, 'name', at),
    description: optionalString(value, 'description', at),
    parameters: requiredObject(value, 'input_schema', at),
    strict: optionalBoolean(value, 'strict', at),
    cache: readCache(value, at),
    extensions: othersIn(value, TOOL_MEMBERS),
  };
}

export interface ReadToolChoice {
  readonly choice: ToolChoice | null;
  readonly parallel: boolean | null;
  /** The member as it came, where its type is not known, or where it names a tool that only this dialect knows. */
  readonly unknown: JsonObject | null;
}

const isNamed = (name: string) => (tool: JsonValue) => isJsonObject(tool) && tool['name'] === name;

export function readToolChoice(body: JsonObject, { tools, typed }: ReadTools): ReadToolChoice {
  const value = optionalObject(body, 'tool_choice', '');
  if (value === null) return { choice: null, parallel: null, unknown: null };
  const at = 'tool_choice';
  const serial = optionalBoolean(value, 'disable_parallel_tool_use', at);
  const parallel = serial === null ? null : !serial;
  const of = (choice: ToolChoice): ReadToolChoice => ({ choice, parallel, unknown: null });
  switch (requiredString(value, 'type', at)) {
    case 'auto':
      return of({ kind: 'auto' });
    case 'any':
      return of({ kind: 'required' });
    case 'none':
      return of({ kind: 'none' });
    case 'tool': {
      const name = requiredString(value, 'name', at);
      const isTyped = !tools.some((tool) => tool.name === name) && typed.some(isNamed(name));
      return isTyped ? { choice: null, parallel, unknown: value } : of({ kind: 'tool', name });
    }
    default:
      return { choice: null, parallel: null, unknown: value };
  }
}
