/**
 * A request's body to canonical form. Source: type `ChatCompletionCreateParams` of the official SDK; `top_k` is taken by vLLM, OpenRouter
 * and others, `reasoning` by OpenRouter and Vercel.
 */
import {
  grouped,
  missingFault,
  optionalArray,
  optionalBoolean,
  optionalCount,
  optionalNumber,
  optionalObject,
  optionalString,
  othersIn,
  pathOf,
  requiredObject,
  survey,
  wrongFault,
} from '../canonical/read-member.ts';
import type { RequestPlace } from '../canonical/codec.ts';
import {
  bareRequest,
  EFFORTS,
  NO_SAMPLING,
  type CanonicalRequest,
  type Effort,
  type OutputFormat,
  type Reasoning,
  type Sampling,
  type Tool,
} from '../canonical/request.ts';
import type { JsonObject, JsonValue } from '../json/value.ts';
import { decodeMessages } from './decode-messages.ts';
import { decodeToolChoice, decodeTools } from './tools.ts';

/** What reads a member: nearly every request has the first group alone. */
const PLAIN = 1;
const RARE_SAMPLING = 2;
const TOOLS = 4;
const MORE = 8;

const GROUPS: ReadonlyMap<string, number> = new Map([
  ...grouped(PLAIN, 'model', 'messages', 'stream'),
  ...grouped(PLAIN, 'max_tokens', 'max_completion_tokens', 'temperature', 'top_p'),
  ...grouped(RARE_SAMPLING, 'top_k', 'stop', 'seed', 'n', 'logprobs', 'top_logprobs', 'logit_bias'),
  ...grouped(RARE_SAMPLING, 'frequency_penalty', 'presence_penalty'),
  ...grouped(TOOLS, 'tools', 'functions', 'tool_choice', 'function_call', 'parallel_tool_calls'),
  ...grouped(MORE, 'stream_options', 'response_format', 'reasoning_effort', 'reasoning', 'user'),
  ...grouped(MORE, 'safety_identifier', 'metadata', 'service_tier', 'prompt_cache_key'),
  ...grouped(MORE, 'verbosity', 'modalities', 'store'),
]);

const STREAM_OPTIONS = new Set(['include_usage']);
const FORMAT = new Set(['type', 'json_schema']);
const SCHEMA = new Set(['name', 'description', 'schema', 'strict']);
const REASONING = new Set(['effort', 'max_tokens', 'exclude', 'enabled', 'summary']);

/** Throws a DecodeFault; the model may also come from the request's path. */
export function readRequest(body: JsonObject, place: RequestPlace): CanonicalRequest {
  const model = optionalString(body, 'model', '') ?? place.model;
  if (model === null || model === '') throw missingFault('model');
  const stream = optionalBoolean(body, 'stream', '') ?? place.stream ?? false;
  const { groups, others } = survey(body, GROUPS);
  const plain: CanonicalRequest = {
    ...bareRequest('openai-chat', model, decodeMessages(body)),
    stream,
    sampling: (groups & RARE_SAMPLING) === 0 ? plainSampling(body) : decodeSampling(body),
    includeUsage: !stream,
    extensions: others,
  };
  if ((groups & (TOOLS | MORE)) === 0) return plain;
  const { tools, hosted } = decodeTools(body);
  const request = { ...plain, ...toolMembers(body, tools) };
  const more = (groups & MORE) === 0 ? request : { ...request, ...moreOf(body, plain) };
  return hosted.length === 0
    ? more
    : { ...more, extensions: { ...more.extensions, tools: hosted } };
}

function toolMembers(body: JsonObject, tools: readonly Tool[]) {
  // Who declares functions gets one call, so that a model is not to make several.
  const legacy = tools.length > 0 && (body['tools'] ?? null) === null;
  return {
    tools,
    toolChoice: decodeToolChoice(body),
    parallelToolCalls: optionalBoolean(body, 'parallel_tool_calls', '') ?? (legacy ? false : null),
    ...(legacy ? ({ legacyFunctions: true } as const) : {}),
  };
}

/** What is rarely said. */
function moreOf(body: JsonObject, { stream, extensions }: CanonicalRequest) {
  const options = optionalObject(body, 'stream_options', '');
  const { format, rest } = decodeFormat(body);
  const safetyId = optionalString(body, 'safety_identifier', '');
  const user = optionalString(body, 'user', '');
  return {
    output: format,
    reasoning: decodeReasoningWish(body),
    user: user ?? safetyId,
    metadata: decodeMetadata(body),
    serviceTier: optionalString(body, 'service_tier', ''),
    promptCacheKey: optionalString(body, 'prompt_cache_key', ''),
    verbosity: optionalString(body, 'verbosity', ''),
    modalities: decodeStrings(body, 'modalities'),
    store: optionalBoolean(body, 'store', ''),
    includeUsage: !stream || (options !== null && wantsUsage(options)),
    extensions: {
      ...extensions,
      ...restOf('stream_options', options === null ? {} : othersIn(options, STREAM_OPTIONS)),
      ...restOf('response_format', rest),
      ...restOf('reasoning', othersIn(optionalObject(body, 'reasoning', '') ?? {}, REASONING)),
      ...unknownEffort(body),
      ...(user !== null && safetyId !== null ? { safety_identifier: safetyId } : {}),
    },
  };
}

function wantsUsage(options: JsonObject): boolean {
  return optionalBoolean(options, 'include_usage', 'stream_options') ?? false;
}

/** What is left of a member of which a part has its own place. */
function restOf(name: string, rest: JsonObject): JsonObject {
  return Object.keys(rest).length === 0 ? {} : { [name]: rest };
}

function plainSampling(body: JsonObject): Sampling {
  return {
    ...NO_SAMPLING,
    maxOutputTokens:
      optionalCount(body, 'max_completion_tokens', '') ?? optionalCount(body, 'max_tokens', ''),
    temperature: optionalNumber(body, 'temperature', ''),
    topP: optionalNumber(body, 'top_p', ''),
  };
}

function decodeSampling(body: JsonObject): Sampling {
  return {
    ...plainSampling(body),
    topK: optionalNumber(body, 'top_k', ''),
    stop: decodeStop(body),
    frequencyPenalty: optionalNumber(body, 'frequency_penalty', ''),
    presencePenalty: optionalNumber(body, 'presence_penalty', ''),
    seed: optionalNumber(body, 'seed', ''),
    choices: optionalCount(body, 'n', ''),
    logprobs: optionalBoolean(body, 'logprobs', ''),
    topLogprobs: optionalCount(body, 'top_logprobs', ''),
    logitBias: decodeBias(body),
  };
}

function decodeStop(body: JsonObject): readonly string[] | null {
  const stop = body['stop'];
  return typeof stop === 'string' ? [stop] : decodeStrings(body, 'stop');
}

function decodeStrings(body: JsonObject, name: string): readonly string[] | null {
  const list = optionalArray(body, name, '');
  if (list === null) return null;
  return list.map((value, index) => {
    if (typeof value === 'string') return value;
    throw wrongFault(pathOf(name, index), 'a string');
  });
}

function decodeBias(body: JsonObject): Readonly<Record<string, number>> | null {
  const bias = optionalObject(body, 'logit_bias', '');
  if (bias === null) return null;
  return Object.fromEntries(
    Object.keys(bias).map((token) => {
      const value = optionalNumber(bias, token, 'logit_bias');
      if (value === null) throw wrongFault(pathOf('logit_bias', token), 'a number');
      return [token, value];
    }),
  );
}

function decodeMetadata(body: JsonObject): Readonly<Record<string, string>> | null {
  const metadata = optionalObject(body, 'metadata', '');
  if (metadata === null) return null;
  return Object.fromEntries(
    Object.keys(metadata).map((key) => {
      const value = optionalString(metadata, key, 'metadata');
      if (value === null) throw wrongFault(pathOf('metadata', key), 'a string');
      return [key, value];
    }),
  );
}

/** A format of another type (`grammar`, `regex` of some hosts) stays whole in `rest`. */
function decodeFormat(body: JsonObject): {
  readonly format: OutputFormat | null;
  readonly rest: JsonObject;
} {
  const format = optionalObject(body, 'response_format', '');
  if (format === null) return { format: null, rest: {} };
  const rest = othersIn(format, FORMAT);
  switch (format['type']) {
    case 'text':
      return { format: { kind: 'text' }, rest };
    case 'json_object':
      return { format: { kind: 'json' }, rest };
    case 'json_schema': {
      const at = 'response_format.json_schema';
      const schema = requiredObject(format, 'json_schema', 'response_format');
      return {
        format: {
          kind: 'json_schema',
          name: optionalString(schema, 'name', at),
          description: optionalString(schema, 'description', at),
          schema: optionalObject(schema, 'schema', at) ?? {},
          strict: optionalBoolean(schema, 'strict', at),
        },
        rest: { ...rest, ...restOf('json_schema', othersIn(schema, SCHEMA)) },
      };
    }
    default:
      return { format: null, rest: format };
  }
}

function effortOf(value: JsonValue | undefined): Effort | null {
  return EFFORTS.find((effort) => effort === value) ?? null;
}

/** An effort that only some host knows (Groq's `default`) stays as it is. */
function unknownEffort(body: JsonObject): JsonObject {
  const said = optionalString(body, 'reasoning_effort', '');
  return said === null || effortOf(said) !== null ? {} : { reasoning_effort: said };
}

/** `enabled` alone asks for a medium effort, as OpenRouter has it; false for none. */
function decodeReasoningWish(body: JsonObject): Reasoning | null {
  const effort = effortOf(body['reasoning_effort']);
  const wish = optionalObject(body, 'reasoning', '');
  if (wish === null) {
    return effort === null ? null : bareReasoning({ effort });
  }
  const at = 'reasoning';
  const budgetTokens = optionalCount(wish, 'max_tokens', at);
  const exclude = optionalBoolean(wish, 'exclude', at);
  const enabled = optionalBoolean(wish, 'enabled', at);
  const said = effort ?? effortOf(wish['effort']);
  const implied = enabled === true && budgetTokens === null ? 'medium' : null;
  return bareReasoning({
    effort: enabled === false ? 'none' : (said ?? implied),
    budgetTokens,
    show: exclude === null ? null : !exclude,
    summary: optionalString(wish, 'summary', at),
  });
}

function bareReasoning(of: Partial<Reasoning>): Reasoning {
  return { effort: null, budgetTokens: null, adaptive: false, show: null, summary: null, ...of };
}
