import type { Drops } from '../canonical/drops.ts';
import {
  objectsIn,
  optionalBoolean,
  optionalObject,
  optionalString,
  othersIn,
  pathOf,
  requiredString,
  wrongFault,
} from '../canonical/read-member.ts';
import type { CanonicalRequest, Tool, ToolChoice } from '../canonical/request.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../json/value.ts';
import { said } from '../canonical/said.ts';
import { RESPONSES } from './dialect.ts';

const FUNCTION = new Set(['type', 'name', 'description', 'parameters', 'strict']);
const CUSTOM = new Set(['type', 'name', 'description']);
const NO_ARGUMENTS: JsonObject = { type: 'object', properties: {} };

/** The caller's own tools, and apart from them those that the provider runs (`web_search`, `mcp`, namespaces …) as they are. */
export function decodeTools(body: JsonObject): {
  readonly tools: readonly Tool[];
  readonly hosted: readonly JsonObject[];
} {
  const tools: Tool[] = [];
  const hosted: JsonObject[] = [];
  for (const { value, at } of objectsIn(body, 'tools', '')) {
    const type = requiredString(value, 'type', at);
    if (type === 'function' || type === 'custom') tools.push(decodeTool(value, type, at));
    else hosted.push(value);
  }
  return { tools, hosted };
}

function decodeTool(tool: JsonObject, kind: Tool['kind'], at: string): Tool {
  const isFunction = kind === 'function';
  return {
    kind,
    name: requiredString(tool, 'name', at),
    description: optionalString(tool, 'description', at),
    parameters: isFunction ? optionalObject(tool, 'parameters', at) : null,
    strict: isFunction ? optionalBoolean(tool, 'strict', at) : null,
    cache: null,
    extensions: othersIn(tool, isFunction ? FUNCTION : CUSTOM),
  };
}

/** A choice that names a provider's own tool has no canonical form: `rest` is then what it was. */
export function decodeToolChoice(body: JsonObject): {
  readonly choice: ToolChoice | null;
  readonly rest: JsonValue | null;
} {
  const value = body['tool_choice'] ?? null;
  if (value === null) return { choice: null, rest: null };
  if (value === 'auto' || value === 'none' || value === 'required') {
    return { choice: { kind: value }, rest: null };
  }
  if (!isJsonObject(value)) {
    throw wrongFault('tool_choice', 'auto, none, required or an object');
  }
  const type = requiredString(value, 'type', 'tool_choice');
  if (type === 'function' || type === 'custom') {
    const name = requiredString(value, 'name', 'tool_choice');
    return { choice: { kind: 'tool', name }, rest: null };
  }
  const names = type === 'allowed_tools' ? allowedNames(value) : null;
  if (names === null) return { choice: null, rest: value };
  const required = value['mode'] === 'required';
  return { choice: { kind: 'allowed', names, required }, rest: null };
}

/** Names of the tools that may be called; null where one is the provider's. */
function allowedNames(choice: JsonObject): readonly string[] | null {
  const names: string[] = [];
  for (const { value, at } of objectsIn(choice, 'tools', 'tool_choice')) {
    if (value['type'] !== 'function' && value['type'] !== 'custom') return null;
    const name = optionalString(value, 'name', at);
    if (name === null) throw wrongFault(pathOf(at, 'name'), 'the name of a tool');
    names.push(name);
  }
  return names;
}

/** `strict` is written out for callers of other dialects: elsewhere silence means false, here it may mean true. */
export function encodeTools(request: CanonicalRequest, drops: Drops): readonly JsonObject[] {
  const isOwn = request.origin === RESPONSES;
  return request.tools.map((tool) => {
    if (tool.cache !== null) drops.add('cache_control');
    const extensions = toolExtensions(tool, request, drops);
    const { name, description } = tool;
    if (tool.kind === 'custom') return said({ type: 'custom', name, description, ...extensions });
    return said({
      type: 'function',
      name,
      description,
      parameters: tool.parameters ?? (isOwn ? null : NO_ARGUMENTS),
      strict: tool.strict ?? (isOwn ? null : false),
      ...extensions,
    });
  });
}

function toolExtensions(
  { kind, extensions }: Tool,
  { origin }: CanonicalRequest,
  drops: Drops,
): JsonObject {
  if (origin === RESPONSES) return extensions;
  const kept: Record<string, JsonValue> = {};
  for (const [name, value] of Object.entries(extensions)) {
    const format = kind === 'custom' && name === 'format' ? flatFormat(value) : null;
    if (format === null) drops.add(name);
    else kept[name] = format;
  }
  return kept;
}

/** OpenAI Chat nests the grammar of a custom tool one level deeper; null for what is no format. */
function flatFormat(value: JsonValue | undefined): JsonObject | null {
  if (!isJsonObject(value)) return null;
  const grammar = value['grammar'];
  if (value['type'] === 'grammar' && isJsonObject(grammar)) return { type: 'grammar', ...grammar };
  return value['type'] === 'text' ? value : null;
}

export function encodeToolChoice({ toolChoice, tools }: CanonicalRequest): JsonValue | null {
  if (toolChoice === null) return null;
  const named = (name: string): JsonObject => {
    const isCustom = tools.some((tool) => tool.name === name && tool.kind === 'custom');
    return { type: isCustom ? 'custom' : 'function', name };
  };
  if (toolChoice.kind === 'tool') return named(toolChoice.name);
  if (toolChoice.kind !== 'allowed') return toolChoice.kind;
  return {
    type: 'allowed_tools',
    mode: toolChoice.required ? 'required' : 'auto',
    tools: toolChoice.names.map((name) => named(name)),
  };
}
