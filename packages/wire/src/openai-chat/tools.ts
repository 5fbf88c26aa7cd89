/** Tools and the choice among them. Source: types `ChatCompletionTool`, `ChatCompletionToolChoiceOption` of the official SDK. */
import {
  objectsIn,
  optionalBoolean,
  optionalObject,
  optionalString,
  othersIn,
  pathOf,
  requiredObject,
  requiredString,
  wrongFault,
} from '../canonical/read-member.ts';
import type { Drops } from '../canonical/drops.ts';
import type { CanonicalRequest, Tool, ToolChoice } from '../canonical/request.ts';
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../json/value.ts';
import { cacheControl, decodeCacheMark } from './cache-control.ts';

const TOOL = new Set(['type', 'function', 'custom', 'cache_control']);
const NAMED = new Set(['name', 'description', 'parameters', 'strict']);
const NO_TOOL: ReadonlySet<string> = new Set();

/** Tools that a caller runs, and those (`hosted`) that have no canonical form. `functions` is the legacy list. */
export function decodeTools(body: JsonObject): {
  readonly tools: readonly Tool[];
  readonly hosted: readonly JsonObject[];
} {
  const tools: Tool[] = [];
  const hosted: JsonObject[] = [];
  for (const { value: tool, at } of objectsIn(body, 'tools', '')) {
    const type = optionalString(tool, 'type', at) ?? 'function';
    if (type === 'function' || type === 'custom') tools.push(decodeTool(tool, type, at));
    else hosted.push(tool);
  }
  for (const { value, at } of objectsIn(body, 'functions', '')) {
    tools.push({ ...namedTool(value, 'function', at), extensions: othersIn(value, NAMED) });
  }
  return { tools, hosted };
}

function decodeTool(tool: JsonObject, kind: Tool['kind'], at: string): Tool {
  const named = requiredObject(tool, kind, at);
  const outside = othersIn(tool, TOOL);
  const extensions = othersIn(named, NAMED);
  return {
    ...namedTool(named, kind, pathOf(at, kind)),
    cache: decodeCacheMark(tool),
    extensions: Object.keys(outside).length === 0 ? extensions : { ...extensions, tool: outside },
  };
}

function namedTool(named: JsonObject, kind: Tool['kind'], at: string): Tool {
  return {
    kind,
    name: requiredString(named, 'name', at),
    description: optionalString(named, 'description', at),
    parameters: optionalObject(named, 'parameters', at),
    strict: optionalBoolean(named, 'strict', at),
    cache: null,
    extensions: {},
  };
}

/** `tool_choice`, or `function_call` as it was once called. `any` is Mistral's word for `required`. */
export function decodeToolChoice(body: JsonObject): ToolChoice | null {
  const choice = body['tool_choice'] ?? null;
  if (choice === null) return decodeFunctionCall(body['function_call'] ?? null);
  if (choice === 'auto' || choice === 'none' || choice === 'required') return { kind: choice };
  if (choice === 'any') return { kind: 'required' };
  if (isJsonObject(choice)) {
    const type = choice['type'];
    if (type === 'function' || type === 'custom') {
      const named = requiredObject(choice, type, 'tool_choice');
      return { kind: 'tool', name: requiredString(named, 'name', `tool_choice.${type}`) };
    }
    if (type === 'allowed_tools') return decodeAllowed(choice);
  }
  throw wrongFault('tool_choice', '"none", "auto", "required" or an object that names a tool');
}

function decodeFunctionCall(choice: JsonValue): ToolChoice | null {
  if (choice === null) return null;
  if (choice === 'auto' || choice === 'none') return { kind: choice };
  if (isJsonObject(choice)) {
    return { kind: 'tool', name: requiredString(choice, 'name', 'function_call') };
  }
  throw wrongFault('function_call', '"none", "auto" or an object with a name');
}

function decodeAllowed(choice: JsonObject): ToolChoice {
  const allowed = requiredObject(choice, 'allowed_tools', 'tool_choice');
  const place = 'tool_choice.allowed_tools';
  const names: string[] = [];
  for (const { value: tool, at } of objectsIn(allowed, 'tools', place)) {
    const member = tool['type'] === 'custom' ? 'custom' : 'function';
    const named = requiredObject(tool, member, at);
    names.push(requiredString(named, 'name', pathOf(at, member)));
  }
  return { kind: 'allowed', names, required: allowed['mode'] === 'required' };
}

export interface EncodedTools {
  readonly tools: readonly JsonValue[];
  readonly choice: JsonValue | undefined;
}

/** `tools` and `tool_choice`; null where there are none: what is said of them would then be refused, so it is left out. */
export function encodeTools(
  request: CanonicalRequest,
  marksCache: boolean,
  drops: Drops,
): EncodedTools | null {
  const { toolChoice, extensions, origin } = request;
  const own = origin === 'openai-chat';
  const theirs = own && isJsonArray(extensions['tools']) ? extensions['tools'] : NO_TOOLS;
  if (request.tools.length === 0 && theirs.length === 0) return null;
  const tools: JsonValue[] = request.tools.map((tool) => encodeTool(tool, own, marksCache, drops));
  for (const tool of theirs) tools.push(tool);
  return {
    tools,
    choice: toolChoice === null ? undefined : encodeToolChoice(toolChoice, request.tools),
  };
}

const NO_TOOLS: readonly JsonValue[] = Object.freeze([]);

function encodeTool(tool: Tool, own: boolean, marksCache: boolean, drops: Drops): JsonObject {
  const { kind, name, description, parameters, strict, cache, extensions } = tool;
  if (!own) for (const extension of Object.keys(extensions)) drops.add(extension);
  if (cache !== null && !marksCache) drops.add('cache_control');
  const { tool: outside, ...inside } = own ? extensions : {};
  const named = {
    name,
    ...(description === null ? {} : { description }),
    ...(parameters === null ? {} : { parameters }),
    ...(strict === null ? {} : { strict }),
    ...inside,
  };
  return {
    type: kind,
    [kind]: named,
    ...(marksCache ? cacheControl(cache) : {}),
    ...(isJsonObject(outside) ? othersIn(outside, NO_TOOL) : {}),
  };
}

function encodeToolChoice(choice: ToolChoice, tools: readonly Tool[]): JsonValue {
  if (choice.kind !== 'tool' && choice.kind !== 'allowed') return choice.kind;
  const kinds = new Map(tools.map(({ name, kind }) => [name, kind]));
  if (choice.kind === 'tool') return namedTarget(choice.name, kinds);
  return {
    type: 'allowed_tools',
    allowed_tools: {
      mode: choice.required ? 'required' : 'auto',
      tools: choice.names.map((name) => namedTarget(name, kinds)),
    },
  };
}

function namedTarget(name: string, kinds: ReadonlyMap<string, Tool['kind']>): JsonObject {
  const kind = kinds.get(name) ?? 'function';
  return { type: kind, [kind]: { name } };
}
