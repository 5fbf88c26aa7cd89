/** Reads and checks request bodies the way OpenAI does: what is wrong, at which parameter, with which code. Unknown fields are ignored. */
import type { Refusal } from '../../faces/refusal.ts';
import { estimateTokens } from '../estimate-tokens.ts';
import type { Heard } from '../conversation/heard.ts';
import { contentText, isObject } from '../json-body.ts';
import type { JsonObject } from '../json-body.ts';
import { chatHeard } from './chat-heard.ts';
import { badRequest } from './request-errors.ts';
import { checkBoolean, checkNumber, invalidType, missing, shown } from './value-checks.ts';

export type Operation = 'chat.completions' | 'completions' | 'embeddings';

/** What every operation has in common once its body is found good. */
export interface OpenaiRequest {
  readonly operation: Operation;
  readonly body: JsonObject;
  readonly model: string;
  readonly stream: boolean;
  readonly includeUsage: boolean;
  readonly obfuscation: boolean;
  readonly n: number;
  /** Null: not asked for. */
  readonly maxTokens: number | null;
  readonly inputTokens: number;
  /** The caller's last words. */
  readonly prompt: string;
  /** The inputs of an embeddings call, the prompts of a completions call; empty for chat. */
  readonly inputs: readonly string[];
  /** Of a chat call; null for the others. */
  readonly heard: Heard | null;
}

const ROLES = ['system', 'assistant', 'user', 'function', 'tool', 'developer'];

const TOKENS = { min: 1, max: 1_000_000_000, integer: true };

function checkCommon(body: JsonObject): Refusal | null {
  if (typeof body['model'] !== 'string' || body['model'] === '') {
    return body['model'] === undefined || body['model'] === ''
      ? badRequest('you must provide a model parameter')
      : invalidType('model', 'a string', body['model']);
  }
  const options = body['stream_options'];
  if (options !== undefined && options !== null) {
    if (!isObject(options)) return invalidType('stream_options', 'an object', options);
    if (body['stream'] !== true) {
      const message = "The 'stream_options' parameter is only allowed when 'stream' is enabled.";
      return badRequest(message, 'stream_options');
    }
  }
  return (
    checkBoolean(body, 'stream') ??
    checkNumber(body, 'n', { min: 1, max: 128, integer: true }) ??
    checkNumber(body, 'temperature', { min: 0, max: 2, integer: false }) ??
    checkNumber(body, 'top_p', { min: 0, max: 1, integer: false }) ??
    checkNumber(body, 'max_tokens', TOKENS) ??
    checkNumber(body, 'max_completion_tokens', TOKENS)
  );
}

function checkMessage(message: JsonObject, param: string): Refusal | null {
  const { role, content } = message;
  if (role === undefined) return missing(`${param}.role`);
  if (typeof role !== 'string') return invalidType(`${param}.role`, 'a string', role);
  if (!ROLES.includes(role)) {
    const supported = ROLES.map((name) => `'${name}'`);
    const listed = `${supported.slice(0, -1).join(', ')}, and ${supported.at(-1) ?? ''}`;
    const text = `Invalid value: '${shown(role)}'. Supported values are: ${listed}.`;
    return badRequest(text, `${param}.role`, 'invalid_value');
  }
  if (typeof content === 'string' || Array.isArray(content)) return null;
  const mayLack = role === 'assistant';
  if (mayLack && (content === undefined || content === null)) return null;
  return content === undefined
    ? missing(`${param}.content`)
    : invalidType(`${param}.content`, 'one of a string or array of objects', content);
}

const common = (
  body: JsonObject,
): Pick<OpenaiRequest, 'body' | 'model' | 'stream' | 'includeUsage' | 'obfuscation' | 'n'> => {
  const options = isObject(body['stream_options']) ? body['stream_options'] : {};
  return {
    body,
    model: String(body['model']),
    stream: body['stream'] === true,
    includeUsage: options['include_usage'] === true,
    obfuscation: options['include_obfuscation'] !== false,
    n: typeof body['n'] === 'number' ? body['n'] : 1,
  };
};

const numberOr = (value: unknown, otherwise: number | null): number | null =>
  typeof value === 'number' ? value : otherwise;

export function readChat(body: JsonObject): OpenaiRequest | Refusal {
  const wrong = checkCommon(body);
  if (wrong !== null) return wrong;
  const { messages } = body;
  if (messages === undefined) return missing('messages');
  if (!Array.isArray(messages)) return invalidType('messages', 'an array of objects', messages);
  if (messages.length === 0) {
    const message =
      "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.";
    return badRequest(message, 'messages', 'empty_array');
  }
  let saysJson = false;
  for (let at = 0; at < messages.length; at++) {
    const message: unknown = messages[at];
    if (!isObject(message)) return invalidType(`messages[${at}]`, 'an object', message);
    const refusal = checkMessage(message, `messages[${at}]`);
    if (refusal !== null) return refusal;
    saysJson ||= /json/i.test(contentText(message['content']));
  }
  const refusal = checkFormat(body, saysJson) ?? checkTools(body);
  if (refusal !== null) return refusal;
  const maxTokens = numberOr(body['max_completion_tokens'], numberOr(body['max_tokens'], null));
  const heard = chatHeard(body, messages, maxTokens);
  const { inputTokens, prompt } = heard;
  return {
    operation: 'chat.completions',
    ...common(body),
    maxTokens,
    inputTokens,
    prompt,
    inputs: [],
    heard,
  };
}

function checkFormat(body: JsonObject, saysJson: boolean): Refusal | null {
  const format = body['response_format'];
  if (format === undefined || format === null) return null;
  if (!isObject(format)) return invalidType('response_format', 'an object', format);
  const type = format['type'];
  if (type === 'text') return null;
  if (type === 'json_object') {
    if (saysJson) return null;
    const message =
      "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.";
    return badRequest(message, 'messages');
  }
  if (type === 'json_schema') {
    return isObject(format['json_schema']) ? null : missing('response_format.json_schema');
  }
  const message = `Invalid value: '${shown(type)}'. Supported values are: 'json_object', 'json_schema', and 'text'.`;
  return badRequest(message, 'response_format.type', 'invalid_value');
}

function checkTools(body: JsonObject): Refusal | null {
  const { tools, tool_choice: choice } = body;
  if (tools === undefined || tools === null) {
    if (choice === undefined || choice === null) return null;
    const message =
      "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified.";
    return badRequest(message, 'tool_choice');
  }
  if (!Array.isArray(tools)) return invalidType('tools', 'an array of objects', tools);
  for (let at = 0; at < tools.length; at++) {
    const tool: unknown = tools[at];
    if (!isObject(tool)) return invalidType(`tools[${at}]`, 'an object', tool);
    const described = tool['function'];
    if (tool['type'] === 'function' && !isObject(described))
      return missing(`tools[${at}].function`);
    if (isObject(described) && typeof described['name'] !== 'string') {
      return missing(`tools[${at}].function.name`);
    }
  }
  return null;
}

const isTokens = (item: unknown): item is number[] =>
  Array.isArray(item) && item.every((token) => typeof token === 'number');

/** Strings as they are, token arrays as a text of as many four-byte words. */
function textsOf(value: unknown): string[] | null {
  if (typeof value === 'string') return [value];
  if (!Array.isArray(value)) return null;
  if (value.every((item) => typeof item === 'string')) return value;
  if (value.every((item) => typeof item === 'number')) return [value.map(fourBytes).join('')];
  return value.every(isTokens) ? value.map((item) => item.map(fourBytes).join('')) : null;
}

const fourBytes = (token: number): string => String(token).slice(0, 4).padStart(4, ' ');

const bytesOf = (texts: readonly string[]): number =>
  texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);

export function readCompletion(body: JsonObject): OpenaiRequest | Refusal {
  const wrong = checkCommon(body);
  if (wrong !== null) return wrong;
  const prompts = textsOf(body['prompt'] ?? '<|endoftext|>');
  if (prompts === null || prompts.length === 0 || prompts.length > 2048) {
    return invalidType('prompt', 'a string or an array of strings', body['prompt']);
  }
  return {
    operation: 'completions',
    ...common(body),
    // the documented default of this endpoint
    maxTokens: numberOr(body['max_tokens'], 16),
    inputTokens: estimateTokens(bytesOf(prompts)),
    prompt: prompts.at(-1) ?? '',
    inputs: prompts,
    heard: null,
  };
}

export function readEmbeddings(body: JsonObject): OpenaiRequest | Refusal {
  const wrong = checkCommon(body);
  if (wrong !== null) return wrong;
  if (body['input'] === undefined) return missing('input');
  const inputs = textsOf(body['input']);
  if (inputs === null || inputs.length === 0 || inputs.includes('')) {
    return badRequest(
      "'$.input' is invalid. Please check the API reference: https://platform.openai.com/docs/api-reference.",
    );
  }
  if (inputs.length > 2048) {
    const message = `Invalid 'input': array too long. Expected an array with maximum length 2048, but got an array with length ${inputs.length} instead.`;
    return badRequest(message, 'input', 'array_above_max_length');
  }
  const format = body['encoding_format'] ?? 'float';
  if (format !== 'float' && format !== 'base64') {
    const message = `Invalid value: '${shown(format)}'. Supported values are: 'float' and 'base64'.`;
    return badRequest(message, 'encoding_format', 'invalid_value');
  }
  const refusal = checkNumber(body, 'dimensions', { min: 1, max: 1_000_000, integer: true });
  if (refusal !== null) return refusal;
  return {
    operation: 'embeddings',
    ...common(body),
    stream: false,
    maxTokens: 0,
    inputTokens: estimateTokens(bytesOf(inputs)),
    prompt: inputs.at(-1) ?? '',
    inputs,
    heard: null,
  };
}
