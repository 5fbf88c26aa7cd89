import type { RequestPlace, Decoded } from '../canonical/codec.ts';
import {
  decoding,
  objectsIn,
  optionalCount,
  optionalNumber,
  optionalObject,
  optionalString,
  othersIn,
  pathOf,
  requiredString,
  wrongFault,
} from '../canonical/read-member.ts';
import {
  bareRequest,
  EFFORTS,
  NO_SAMPLING,
  type CanonicalRequest,
  type OutputFormat,
  type Sampling,
  type Tool,
  type ToolChoice,
  type Turn,
} from '../canonical/request.ts';
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../json/value.ts';
import { cacheMarkIn, readBlocks } from './decode-content.ts';
import { CONVERSE } from './dialect-name.ts';

const KNOWN: ReadonlySet<string> = new Set([
  'modelId',
  'messages',
  'system',
  'inferenceConfig',
  'toolConfig',
  'outputConfig',
  'requestMetadata',
  'serviceTier',
]);
const TOOL_KNOWN: ReadonlySet<string> = new Set(['name', 'description', 'inputSchema', 'strict']);

/** The body of `Converse` and `ConverseStream`; the model and whether it streams are told by the path. */
export function decodeRequest(body: JsonObject, place: RequestPlace): Decoded<CanonicalRequest> {
  return decoding(() => {
    const model = place.model ?? optionalString(body, 'modelId', '') ?? '';
    const { tools, others, choice } = readTools(optionalObject(body, 'toolConfig', ''));
    const output = readOutput(optionalObject(body, 'outputConfig', ''));
    const tier = optionalObject(body, 'serviceTier', '');
    return {
      ...bareRequest(CONVERSE, model, readTurns(body)),
      stream: place.stream ?? false,
      tools,
      toolChoice: choice,
      sampling: readSampling(optionalObject(body, 'inferenceConfig', '')),
      output: output.format,
      reasoning:
        output.effort === null
          ? null
          : {
              effort: output.effort,
              budgetTokens: null,
              adaptive: false,
              show: null,
              summary: null,
            },
      metadata: readMetadata(optionalObject(body, 'requestMetadata', '')),
      serviceTier: tier === null ? null : requiredString(tier, 'type', 'serviceTier'),
      extensions: {
        ...othersIn(body, KNOWN),
        ...(others.length === 0 ? {} : { tools: others }),
        ...(output.rest === null ? {} : { outputConfig: output.rest }),
      },
    };
  });
}

function readTurns(body: JsonObject): readonly Turn[] {
  const head = readBlocks(body, 'system', '');
  const turns: Turn[] = head.length === 0 ? [] : [{ role: 'system', name: null, parts: head }];
  for (const { value, at } of objectsIn(body, 'messages', '')) {
    const role = requiredString(value, 'role', at);
    if (role !== 'user' && role !== 'assistant' && role !== 'system') {
      throw wrongFault(pathOf(at, 'role'), '"user", "assistant" or "system"');
    }
    turns.push({ role, name: null, parts: readBlocks(value, 'content', at) });
  }
  return turns;
}

function readSampling(config: JsonObject | null): Sampling {
  if (config === null) return NO_SAMPLING;
  const at = 'inferenceConfig';
  const stop = config['stopSequences'] ?? null;
  if (stop !== null && !isTexts(stop))
    throw wrongFault(`${at}.stopSequences`, 'an array of strings');
  return {
    ...NO_SAMPLING,
    maxOutputTokens: optionalCount(config, 'maxTokens', at),
    temperature: optionalNumber(config, 'temperature', at),
    topP: optionalNumber(config, 'topP', at),
    stop,
  };
}

const isTexts = (value: JsonValue): value is readonly string[] =>
  isJsonArray(value) && value.every((each) => typeof each === 'string');

function readTools(config: JsonObject | null) {
  const tools: Tool[] = [];
  const others: JsonObject[] = [];
  for (const { value, at } of config === null ? [] : objectsIn(config, 'tools', 'toolConfig')) {
    const spec = value['toolSpec'];
    const last = tools.at(-1);
    const mark = cacheMarkIn(value['cachePoint']);
    if (isJsonObject(spec)) tools.push(readTool(spec, `${at}.toolSpec`));
    else if (mark !== null && last?.cache === null)
      tools[tools.length - 1] = { ...last, cache: mark };
    else others.push(value);
  }
  const choice = config === null ? null : optionalObject(config, 'toolChoice', 'toolConfig');
  return { tools, others, choice: choice === null ? null : readChoice(choice) };
}

function readTool(spec: JsonObject, at: string): Tool {
  const schema = optionalObject(spec, 'inputSchema', at);
  const strict = spec['strict'] ?? null;
  if (strict !== null && typeof strict !== 'boolean') {
    throw wrongFault(pathOf(at, 'strict'), 'true or false');
  }
  return {
    kind: 'function',
    name: requiredString(spec, 'name', at),
    description: optionalString(spec, 'description', at),
    parameters: schema === null ? null : optionalObject(schema, 'json', `${at}.inputSchema`),
    strict,
    cache: null,
    extensions: othersIn(spec, TOOL_KNOWN),
  };
}

function readChoice(choice: JsonObject): ToolChoice {
  const at = 'toolConfig.toolChoice';
  if (isJsonObject(choice['auto'])) return { kind: 'auto' };
  if (isJsonObject(choice['any'])) return { kind: 'required' };
  const tool = choice['tool'];
  if (isJsonObject(tool)) return { kind: 'tool', name: requiredString(tool, 'name', `${at}.tool`) };
  throw wrongFault(at, 'an object with "auto", "any" or "tool"');
}

function readOutput(config: JsonObject | null) {
  if (config === null) return { format: null, effort: null, rest: null };
  const effort = EFFORTS.find((known) => known === config['effort']) ?? null;
  const format = readFormat(config['textFormat']);
  const rest = othersIn(
    config,
    new Set([...(effort === null ? [] : ['effort']), ...(format === null ? [] : ['textFormat'])]),
  );
  return { format, effort, rest: Object.keys(rest).length === 0 ? null : rest };
}

/** Null for a form that is not known, or a schema that is no JSON: it stays as it is. */
function readFormat(format: JsonValue | undefined): OutputFormat | null {
  if (!isJsonObject(format) || format['type'] !== 'json_schema') return null;
  const structure = format['structure'];
  const said = isJsonObject(structure) ? structure['jsonSchema'] : undefined;
  if (!isJsonObject(said) || typeof said['schema'] !== 'string') return null;
  const { name = null, description = null } = said;
  try {
    const schema: unknown = JSON.parse(said['schema']);
    if (!isJsonObject(schema)) return null;
    return {
      kind: 'json_schema',
      name: typeof name === 'string' ? name : null,
      description: typeof description === 'string' ? description : null,
      schema,
      strict: null,
    };
  } catch {
    return null;
  }
}

function readMetadata(metadata: JsonObject | null): Readonly<Record<string, string>> | null {
  if (metadata === null) return null;
  const read: [string, string][] = [];
  for (const [name, value] of Object.entries(metadata)) {
    if (typeof value !== 'string') throw wrongFault(pathOf('requestMetadata', name), 'a string');
    read.push([name, value]);
  }
  return Object.fromEntries(read);
}
