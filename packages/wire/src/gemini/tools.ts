/**
 * Tools and how they are to be called. Source: `Tool`, `FunctionDeclaration`, `ToolConfig`, `FunctionCallingConfig` of @google/genai,
 * https://ai.google.dev/api/caching#Tool.
 */
import type { Drops } from '../canonical/drops.ts';
import {
  optionalArray,
  optionalObject,
  optionalString,
  othersIn,
  pathOf,
  requiredString,
  wrongFault,
} from '../canonical/read-member.ts';
import { FREE_TEXT_SCHEMA } from '../canonical/tool-input.ts';
import type { CanonicalRequest, Tool, ToolChoice } from '../canonical/request.ts';
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../json/value.ts';
import { said } from '../canonical/said.ts';
import { elementsIn } from './elements-in.ts';
import { camelMembers, unlessEmpty } from './member-names.ts';
import { familyOf } from './model-family.ts';
import { jsonSchemaOf } from './schema.ts';

const DECLARATION = new Set(['name', 'description', 'parameters', 'parametersJsonSchema']);
const FUNCTIONS = new Set(['functionDeclarations']);
const CALLING = new Set(['functionCallingConfig']);
const CALLING_MEMBERS = new Set(['mode', 'allowedFunctionNames']);

export interface DecodedTools {
  readonly tools: readonly Tool[];
  /** What Google runs itself: `googleSearch`, `codeExecution` …, one object each as it came. */
  readonly others: readonly JsonObject[];
}

export function decodeTools(body: JsonObject): DecodedTools {
  const tools: Tool[] = [];
  const others: JsonObject[] = [];
  for (const { value, at } of elementsIn(body, 'tools', '')) {
    const tool = camelMembers(value);
    for (const each of elementsIn(tool, 'functionDeclarations', at)) {
      tools.push(decodeDeclaration(each.value, each.at));
    }
    const other = othersIn(tool, FUNCTIONS);
    if (Object.keys(other).length > 0) others.push(other);
  }
  return { tools, others };
}

function decodeDeclaration(raw: JsonObject, at: string): Tool {
  const declaration = camelMembers(raw);
  const schema = optionalObject(declaration, 'parameters', at);
  return {
    kind: 'function',
    name: requiredString(declaration, 'name', at),
    description: optionalString(declaration, 'description', at),
    parameters:
      optionalObject(declaration, 'parametersJsonSchema', at) ??
      (schema === null ? null : jsonSchemaOf(schema)),
    strict: null,
    cache: null,
    extensions: othersIn(declaration, DECLARATION),
  };
}

export interface DecodedToolConfig {
  readonly choice: ToolChoice | null;
  /** What has no canonical form, nested as it came. */
  readonly others: JsonObject;
}

const NO_TOOL_CONFIG: DecodedToolConfig = Object.freeze({ choice: null, others: {} });

export function decodeToolConfig(body: JsonObject): DecodedToolConfig {
  const given = optionalObject(body, 'toolConfig', '');
  if (given === null) return NO_TOOL_CONFIG;
  const config = camelMembers(given);
  const at = 'toolConfig.functionCallingConfig';
  const calling = camelMembers(optionalObject(config, 'functionCallingConfig', 'toolConfig') ?? {});
  const mode = optionalString(calling, 'mode', at)?.toUpperCase() ?? null;
  const names = namesIn(calling, at);
  const choice = choiceOf(mode, names);
  const rest = { ...othersIn(calling, CALLING_MEMBERS) };
  // VALIDATED without names is `auto` with arguments that are sure to fit their schema.
  const kept =
    mode === 'VALIDATED' && names === null
      ? { ...rest, mode }
      : choice === null && mode !== null
        ? { ...rest, ...calling }
        : rest;
  return {
    choice,
    others: said({ ...othersIn(config, CALLING), functionCallingConfig: unlessEmpty(kept) }),
  };
}

function namesIn(calling: JsonObject, at: string): readonly string[] | null {
  const names = optionalArray(calling, 'allowedFunctionNames', at);
  if (names === null || names.length === 0) return null;
  return names.map((name, index) => {
    if (typeof name === 'string') return name;
    throw wrongFault(pathOf(pathOf(at, 'allowedFunctionNames'), index), 'a string');
  });
}

function choiceOf(mode: string | null, names: readonly string[] | null): ToolChoice | null {
  if (mode === 'NONE') return { kind: 'none' };
  if (mode === 'AUTO' || mode === 'VALIDATED') {
    return names === null ? { kind: 'auto' } : { kind: 'allowed', names, required: false };
  }
  if (mode === null) return names === null ? null : { kind: 'allowed', names, required: false };
  if (mode !== 'ANY') return null;
  const [only, more] = names ?? [];
  if (names === null || only === undefined) return { kind: 'required' };
  return more === undefined
    ? { kind: 'tool', name: only }
    : { kind: 'allowed', names, required: true };
}

/** All functions in one tool, then what Google runs itself. */
export function encodeTools(request: CanonicalRequest, drops: Drops): readonly JsonValue[] {
  const declarations = request.tools.map((tool) => encodeDeclaration(tool, request, drops));
  const others = request.origin === 'gemini' ? request.extensions['tools'] : undefined;
  const own = isJsonArray(others) ? others : [];
  return declarations.length === 0 ? own : [{ functionDeclarations: declarations }, ...own];
}

/**
 * A tool for free text becomes a function with one string, `input`: named as lost, because its call comes back as a function's.
 */
function encodeDeclaration(tool: Tool, { origin }: CanonicalRequest, drops: Drops): JsonObject {
  drops.addIf(tool.cache, 'cache_control');
  if (tool.kind === 'custom') drops.add('custom_tool');
  if (origin !== 'gemini') for (const name of Object.keys(tool.extensions)) drops.add(name);
  return said({
    name: tool.name,
    description: tool.description,
    parametersJsonSchema: tool.kind === 'custom' ? FREE_TEXT_SCHEMA : tool.parameters,
    ...(origin === 'gemini' ? tool.extensions : {}),
  });
}

/**
 * `strict` tools ask for VALIDATED, in which arguments are sure to fit their schema; models before 2.5 do not have it. Calls one at a
 * time cannot be asked for. Without functions nothing is said of them ("Function calling config is set without function_declarations", seen
 * in https://github.com/pydantic/pydantic-ai/pull/5791): other dialects' callers may have had tools that only their provider runs.
 */
export function encodeToolConfig(request: CanonicalRequest, drops: Drops): JsonObject | undefined {
  const { toolChoice: choice, tools, origin, extensions } = request;
  if (request.parallelToolCalls === false) drops.add('parallel_tool_calls');
  if (origin !== 'gemini' && tools.length === 0) {
    if (choice !== null && FORCED.has(choice.kind)) drops.add('tool_choice');
    return undefined;
  }
  const strict = tools.some((tool) => tool.strict === true);
  if (choice === null && !strict && origin !== 'gemini') return undefined;
  const validated = (familyOf(request.model).generation ?? 3) >= 2.5;
  if (strict && !validated) drops.add('strict');
  const config = origin === 'gemini' ? asObject(extensions['toolConfig']) : {};
  const own = camelMembers(asObject(config['functionCallingConfig']));
  const { streamFunctionCallArguments, ...others } = own;
  // Arguments in pieces (Vertex AI) are told by JSON path, which no other dialect could be told.
  drops.addIf(streamFunctionCallArguments, 'streamFunctionCallArguments');
  const calling = said({ ...(choice === null ? {} : callingOf(choice)), ...others });
  const mode = calling['mode'] ?? 'AUTO';
  const sure = strict && validated && mode === 'AUTO' ? { ...calling, mode: 'VALIDATED' } : calling;
  return unlessEmpty(said({ ...config, functionCallingConfig: unlessEmpty(sure) }));
}

const FORCED: ReadonlySet<ToolChoice['kind']> = new Set(['required', 'tool', 'allowed']);

function asObject(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

function callingOf(choice: ToolChoice): JsonObject {
  switch (choice.kind) {
    case 'auto':
      return { mode: 'AUTO' };
    case 'none':
      return { mode: 'NONE' };
    case 'required':
      return { mode: 'ANY' };
    case 'tool':
      return { mode: 'ANY', allowedFunctionNames: [choice.name] };
    default:
      return {
        mode: choice.required ? 'ANY' : 'VALIDATED',
        allowedFunctionNames: choice.names,
      };
  }
}
