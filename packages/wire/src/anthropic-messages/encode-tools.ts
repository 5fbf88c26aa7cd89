import type { Drops } from '../canonical/drops.ts';
import type { CanonicalRequest, Tool, ToolChoice } from '../canonical/request.ts';
import { toolNamesOf } from '../canonical/tool-names.ts';
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../json/value.ts';
import { cacheMember } from './cache-control.ts';
import { closeSchema } from './closed-schema.ts';
import type { EncodeContext } from './encode-content.ts';
import type { ModelTraits } from './model-traits.ts';
import { FREE_TEXT_SCHEMA } from '../canonical/tool-input.ts';

const ANYTHING: JsonObject = { type: 'object', properties: {} };

export interface EncodedTools {
  readonly tools: readonly JsonValue[];
  readonly choice: JsonObject | null;
  /** Whether a call is forced: manual thinking is then an error. */
  readonly forced: boolean;
}

export function encodeTools(
  request: CanonicalRequest,
  traits: ModelTraits,
  context: EncodeContext,
): EncodedTools {
  const { own, drops } = context;
  const typed = own ? request.extensions['tools'] : undefined;
  const wanted = allowedOf(request);
  const tools: JsonValue[] = wanted.map((tool) => encodeTool(tool, traits, context));
  if (isJsonArray(typed)) tools.push(...typed);
  if (tools.length === 0) return withoutTools(request, context);
  const unknown = own ? request.extensions['tool_choice'] : undefined;
  if (isJsonObject(unknown)) return { tools, choice: unknown, forced: false };
  const choice = own ? request.toolChoice : possible(request.toolChoice, traits, drops);
  return {
    tools,
    choice: encodeChoice(choice, request.parallelToolCalls, own),
    forced: choice?.kind === 'required' || choice?.kind === 'tool',
  };
}

/** Of all tools those that may be called: the dialect has no other way to say it. */
function allowedOf({ tools, toolChoice }: CanonicalRequest): readonly Tool[] {
  if (toolChoice?.kind !== 'allowed') return tools;
  const allowed = new Set(toolChoice.names);
  return tools.filter(({ name }) => allowed.has(name));
}

/** Calls in the history need their tools: where none is given any more, they are declared by name, and none may be called. */
function withoutTools(request: CanonicalRequest, { own, drops }: EncodeContext): EncodedTools {
  const { toolChoice } = request;
  if (own) {
    const choice = encodeChoice(toolChoice, request.parallelToolCalls, own);
    return { tools: [], choice, forced: false };
  }
  if (toolChoice !== null && toolChoice.kind !== 'auto' && toolChoice.kind !== 'none') {
    drops.add('tool_choice');
  }
  const called = toolNamesOf(request.turns);
  if (called.size === 0) return { tools: [], choice: null, forced: false };
  const names = new Set(called.values());
  const tools = [...names].map((name) => ({ name, input_schema: ANYTHING }));
  return { tools, choice: { type: 'none' }, forced: false };
}

function encodeTool(tool: Tool, traits: ModelTraits, { own, drops }: EncodeContext): JsonObject {
  if (tool.kind === 'custom') drops.add('custom_tool');
  const strict = own || traits.strictTools ? tool.strict : null;
  if (strict !== tool.strict && tool.strict === true) drops.add('strict');
  return {
    name: tool.name,
    ...(tool.description === null ? {} : { description: tool.description }),
    input_schema: own ? (tool.parameters ?? ANYTHING) : schemaOf(tool, strict === true, drops),
    ...(strict === null || (!own && !strict) ? {} : { strict }),
    ...cacheMember(tool.cache),
    ...extensionsOf(tool, own, drops),
  };
}

function schemaOf(tool: Tool, isClosed: boolean, drops: Drops): JsonObject {
  if (tool.kind === 'custom') return FREE_TEXT_SCHEMA;
  const parameters = tool.parameters ?? ANYTHING;
  // the type is required here, and left out elsewhere
  const schema = 'type' in parameters ? parameters : { type: 'object', ...parameters };
  if (!isClosed) return schema;
  const { schema: strict, loosened } = closeSchema(schema);
  if (loosened) drops.add('schema_constraints');
  return strict;
}

function extensionsOf(tool: Tool, own: boolean, drops: Drops): JsonObject {
  if (own) return tool.extensions;
  for (const name of Object.keys(tool.extensions)) drops.add(name);
  return {};
}

/** A choice that the model takes: where none can be forced, the model is left to choose. */
function possible(choice: ToolChoice | null, traits: ModelTraits, drops: Drops): ToolChoice | null {
  const plain: ToolChoice | null =
    choice?.kind === 'allowed' ? { kind: choice.required ? 'required' : 'auto' } : choice;
  const isForced = plain?.kind === 'required' || plain?.kind === 'tool';
  if (!isForced || traits.forcedTools) return plain;
  drops.add('tool_choice');
  return { kind: 'auto' };
}

/** `disable_parallel_tool_use` is part of the choice; `none` has no such member. */
function encodeChoice(
  choice: ToolChoice | null,
  parallel: boolean | null,
  own: boolean,
): JsonObject | null {
  const isSaid = parallel === false || (parallel === true && own);
  if (choice === null && parallel !== false) return null;
  if (choice?.kind === 'none') return { type: 'none' };
  const serial = isSaid ? { disable_parallel_tool_use: !parallel } : {};
  if (choice?.kind === 'required') return { type: 'any', ...serial };
  if (choice?.kind === 'tool') return { type: 'tool', name: choice.name, ...serial };
  return { type: 'auto', ...serial };
}
