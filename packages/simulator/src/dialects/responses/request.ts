/**
 * Reads requests of the Responses API: what is wrong with them, in OpenAI's words, or what they come to. Fields: openai-node
 * `ResponseCreateParams`; texts as replies quoted in public issues (openai/codex, vercel/ai, langchain-ai/langchain).
 */
import type { Refusal } from '../../faces/refusal.ts';
import type { Heard } from '../conversation/heard.ts';
import { isObject } from '../json-body.ts';
import type { JsonObject } from '../json-body.ts';
import { badRequest } from '../openai/request-errors.ts';
import { checkBoolean, checkNumber, invalidType, missing, shown } from '../openai/value-checks.ts';
import { wrongItems } from './item-checks.ts';
import type { KnownItems } from './item-checks.ts';
import { itemsHeard } from './items-heard.ts';

export interface ResponsesRequest {
  readonly body: JsonObject;
  readonly model: string;
  readonly stream: boolean;
  readonly heard: Heard;
  /** The caller's own items. */
  readonly input: readonly unknown[];
  /** Those of the earlier responses, then the caller's. */
  readonly conversation: readonly unknown[];
  readonly store: boolean;
  readonly encrypts: boolean;
  /** Thoughts are summed up. */
  readonly summarizes: boolean;
}

const FIELDS = new Set(
  'access_programs background context_management conversation image include input instructions max_output_tokens max_tool_calls metadata model moderation parallel_tool_calls previous_response_id prompt prompt_cache_key prompt_cache_options prompt_cache_retention reasoning safety_identifier service_tier store stream stream_options temperature text tool_choice tools top_logprobs top_p truncation user'.split(
    ' ',
  ),
);

/** Parameters of chat completions, and where they went. */
const MOVED: Readonly<Record<string, string>> = {
  messages: 'input',
  max_tokens: 'max_output_tokens',
  max_completion_tokens: 'max_output_tokens',
  response_format: 'text.format',
  reasoning_effort: 'reasoning.effort',
  functions: 'tools',
};

function wrongFields(body: JsonObject): Refusal | null {
  const extra = Object.keys(body).find((name) => !FIELDS.has(name));
  if (extra === undefined) return null;
  const moved = Object.hasOwn(MOVED, extra) ? MOVED[extra] : undefined;
  return moved === undefined
    ? badRequest(`Unknown parameter: '${shown(extra)}'.`, shown(extra), 'unknown_parameter')
    : badRequest(
        `Unsupported parameter: '${extra}'. In the Responses API, this parameter has moved to '${moved}'. Try again with the new parameter. See the API documentation for more information: https://platform.openai.com/docs/api-reference/responses/create.`,
        null,
        'unsupported_parameter',
      );
}

function wrongHead(body: JsonObject): Refusal | null {
  const { model, input, previous_response_id: previous, prompt, conversation } = body;
  if (model === undefined) return missing('model');
  if (typeof model !== 'string') return invalidType('model', 'a string', model);
  if (input === undefined && previous === undefined && prompt === undefined) {
    if (conversation !== undefined) return null;
    const message =
      "One of 'input' or 'previous_response_id' or 'prompt' or 'conversation_id' must be provided.";
    return badRequest(message, 'input', 'missing_required_parameter');
  }
  if (input !== undefined && typeof input !== 'string' && !Array.isArray(input)) {
    return invalidType('input', 'one of a string or array of input items', input);
  }
  return (
    checkBoolean(body, 'stream') ??
    checkBoolean(body, 'store') ??
    checkBoolean(body, 'parallel_tool_calls') ??
    checkNumber(body, 'temperature', { min: 0, max: 2, integer: false }) ??
    checkNumber(body, 'top_p', { min: 0, max: 1, integer: false }) ??
    checkNumber(body, 'max_output_tokens', { min: 16, max: 1_000_000_000, integer: true })
  );
}

function wrongTools({ tools, tool_choice: choice }: JsonObject): Refusal | null {
  if (tools !== undefined && tools !== null && !Array.isArray(tools)) {
    return invalidType('tools', 'an array of objects', tools);
  }
  const given: unknown[] = Array.isArray(tools) ? tools : [];
  for (const [at, tool] of given.entries()) {
    if (!isObject(tool)) return invalidType(`tools[${at}]`, 'an object', tool);
    if (tool['type'] === undefined) return missing(`tools[${at}].type`);
    if (tool['type'] === 'function' && typeof tool['name'] !== 'string') {
      return missing(`tools[${at}].name`);
    }
  }
  if (!isObject(choice) || choice['type'] !== 'function') return null;
  const found = given.some((tool) => isObject(tool) && tool['name'] === choice['name']);
  if (typeof choice['name'] !== 'string') return missing('tool_choice.name');
  return found
    ? null
    : badRequest(`Tool choice 'function' not found in 'tools' parameter.`, 'tool_choice');
}

/** The schema's own name and schema stand beside the type, not in an object of their own as in chat completions. */
function wrongFormat({ text }: JsonObject, said: string): Refusal | null {
  const format = isObject(text) ? text['format'] : undefined;
  if (format === undefined || format === null) return null;
  if (!isObject(format)) return invalidType('text.format', 'an object', format);
  const { type, name, schema } = format;
  if (type === 'text') return null;
  if (type === 'json_object') {
    if (/json/i.test(said)) return null;
    const message =
      "Response input messages must contain the word 'json' in some form to use 'text.format' of type 'json_object'.";
    return badRequest(message, 'input');
  }
  if (type !== 'json_schema') {
    const message = `Invalid value: '${shown(type)}'. Supported values are: 'text', 'json_object', and 'json_schema'.`;
    return badRequest(message, 'text.format.type', 'invalid_value');
  }
  if (typeof name !== 'string') return missing('text.format.name');
  return isObject(schema) ? null : missing('text.format.schema');
}

const included = ({ include }: JsonObject, what: string): boolean =>
  Array.isArray(include) && include.includes(what);

/** `known`: what the organization has kept. */
export function readResponses(
  body: JsonObject,
  known: KnownItems,
  before: readonly unknown[],
): ResponsesRequest | Refusal {
  const { input } = body;
  const wrong = wrongHead(body) ?? wrongFields(body) ?? wrongTools(body);
  if (wrong !== null) return wrong;
  const own: unknown[] = Array.isArray(input)
    ? input
    : input === undefined
      ? []
      : [{ type: 'message', role: 'user', content: input }];
  const refusal =
    wrongItems(own, before, known) ??
    wrongFormat(body, JSON.stringify([body['instructions'], own]));
  if (refusal !== null) return refusal;
  const conversation = [...before, ...own.map((item) => known.resolve(item))];
  const { reasoning } = body;
  return {
    body,
    model: String(body['model']),
    stream: body['stream'] === true,
    heard: itemsHeard(body, conversation),
    input: own,
    conversation,
    store: body['store'] !== false,
    encrypts: included(body, 'reasoning.encrypted_content'),
    summarizes: isObject(reasoning) && typeof reasoning['summary'] === 'string',
  };
}
