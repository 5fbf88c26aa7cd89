import type { Drops } from '../canonical/drops.ts';
import type { CanonicalRequest, Tool, ToolChoice } from '../canonical/request.ts';
import { isJsonArray, type JsonObject, type JsonValue } from '../json/value.ts';
import { cachePoint } from './encode-content.ts';
import type { ModelTraits } from './model-traits.ts';
import { FREE_TEXT_SCHEMA } from '../canonical/tool-input.ts';

interface ToolContext {
  readonly own: boolean;
  readonly traits: ModelTraits;
  readonly drops: Drops;
}

export interface WrittenTools {
  readonly toolConfig: JsonObject | null;
  /** Whether a tool must be called. */
  readonly forced: boolean;
}

const ANY_OBJECT: JsonObject = { type: 'object', properties: {} };

/**
 * Tools and the choice among them. Converse has no `none`: tools are left out instead, but for a conversation in which any were called,
 * which needs the configuration; there the choice is named as lost. Where such a conversation brings no tools, stand-ins of their names take
 * their place. `allowed` leaves out the others.
 */
export function writeTools(request: CanonicalRequest, context: ToolContext): WrittenTools {
  const { own, drops } = context;
  const { toolChoice: choice, parallelToolCalls, extensions } = request;
  const called = own ? new Set<string>() : calledIn(request);
  const isOff = choice?.kind === 'none' && called.size === 0;
  const kept = isOff ? [] : nameable(request.tools, choice);
  const tools = kept.flatMap((tool) => writeTool(tool, context));
  if (own) tools.push(...ownTools(extensions['tools']));
  else if (kept.length === 0) tools.push(...[...called].map(standIn));
  if (tools.length === 0) return { toolConfig: null, forced: false };
  if (choice?.kind === 'none') drops.add('tool_choice');
  if (parallelToolCalls === false) drops.add('parallel_tool_calls');
  const toolChoice = kept.length > 0 || own ? writeChoice(choice, context) : null;
  const forced = toolChoice !== null && toolChoice['auto'] === undefined;
  return { toolConfig: { tools, ...(toolChoice === null ? {} : { toolChoice }) }, forced };
}

function nameable(tools: readonly Tool[], choice: ToolChoice | null): readonly Tool[] {
  if (choice?.kind !== 'allowed') return tools;
  const names = new Set(choice.names);
  return tools.filter(({ name }) => names.has(name));
}

function writeTool(tool: Tool, context: ToolContext): JsonObject[] {
  const { own, drops } = context;
  const { name, description, strict, cache, extensions } = tool;
  if (!own) for (const extension of Object.keys(extensions)) drops.add(extension);
  const json = tool.kind === 'custom' ? FREE_TEXT_SCHEMA : (tool.parameters ?? ANY_OBJECT);
  const toolSpec: JsonObject = {
    name,
    ...(description === null || (description === '' && !own) ? {} : { description }),
    inputSchema: { json },
    ...(strict === null || (!strict && !own) ? {} : { strict }),
    ...(own ? extensions : {}),
  };
  return [{ toolSpec }, ...(cache === null ? [] : cachePoint(cache, context))];
}

const ownTools = (tools: JsonValue | undefined): JsonObject[] =>
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- objects when they were read
  isJsonArray(tools) ? (tools as JsonObject[]) : [];

const standIn = (name: string): JsonObject => ({
  toolSpec: { name, inputSchema: { json: ANY_OBJECT } },
});

/** Names of the tools that the conversation calls, in their order. */
function calledIn({ turns }: CanonicalRequest): ReadonlySet<string> {
  const names = new Set<string>();
  let results = false;
  for (const { parts } of turns) {
    for (const part of parts) {
      if (part.kind === 'tool_call') names.add(part.name);
      results ||= part.kind === 'tool_result';
    }
  }
  if (results && names.size === 0) names.add('unknown');
  return names;
}

function writeChoice(
  choice: ToolChoice | null,
  { own, traits, drops }: ToolContext,
): JsonObject | null {
  if (choice === null || choice.kind === 'none') return null;
  const required = choice.kind === 'required' || (choice.kind === 'allowed' && choice.required);
  const kind = choice.kind === 'tool' ? 'tool' : required ? 'any' : 'auto';
  if (!own && !traits.toolChoices.has(kind)) {
    if (kind !== 'auto') drops.add('tool_choice');
    return null;
  }
  return choice.kind === 'tool' ? { tool: { name: choice.name } } : { [kind]: {} };
}
