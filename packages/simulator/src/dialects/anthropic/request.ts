/** Reads Messages requests: what is wrong, or what they come to. */
import type { Refusal } from '../../faces/refusal.ts';
import { PrefixHasher } from '../../stored/prompt-cache.ts';
import type { Prefix } from '../../stored/prompt-cache.ts';
import { Listener, partsOf, stopsOf } from '../conversation/heard.ts';
import type { Asked, Heard, HeardPart, ToolChoice } from '../conversation/heard.ts';
import { encodedMedia, mediaTypeOf } from '../conversation/media.ts';
import type { Media } from '../conversation/media.ts';
import { contentText, isObject } from '../json-body.ts';
import type { JsonObject } from '../json-body.ts';
import { blocksOf, wrongMessages } from './message-checks.ts';
import { invalid, wrongFields, wrongHead, wrongThinking, wrongTools } from './request-checks.ts';

export interface MessagesRequest {
  readonly model: string;
  readonly stream: boolean;
  readonly heard: Heard;
  /** Thoughts are told, not only their signature. */
  readonly showsThoughts: boolean;
  /** Thoughts are sealed, as for a text that Anthropic documents for tests. */
  readonly redacts: boolean;
  /** The prompt's beginnings; empty when none is to be cached. */
  readonly prefixes: readonly Prefix[];
}

const MINUTE = 60_000;
const MAX_MARKS = 4;

function lifeOf({ cache_control: mark }: JsonObject): number | null {
  if (!isObject(mark)) return null;
  return mark['ttl'] === '1h' ? 60 * MINUTE : 5 * MINUTE;
}

function mediaOf(kind: Media['kind'], source: unknown): Media {
  if (!isObject(source)) return { kind, type: 'url' };
  const { type, data, content } = source;
  if (type === 'base64' && typeof data === 'string') return encodedMedia(kind, data);
  if (type === 'text' && typeof data === 'string') {
    return { kind, type: mediaTypeOf(Buffer.from(data.slice(0, 64))) };
  }
  if (type === 'content') return { kind, type: `text: ${contentText(content).slice(0, 40)}` };
  return { kind, type: type === 'file' ? 'id' : 'url' };
}

function partOf(block: JsonObject): HeardPart {
  const { type, text, source } = block;
  if (type === 'image') return mediaOf('image', source);
  if (type === 'document') return mediaOf('file', source);
  return type === 'text' && typeof text === 'string' ? text : null;
}

function hearUser(listener: Listener, message: JsonObject): void {
  const results = blocksOf(message).filter(({ type }) => type === 'tool_result');
  const parts = partsOf(message['content'], partOf);
  const speaks = parts.some((part) => part !== null);
  for (const { content } of results) {
    listener.toolSays(contentText(content));
    for (const part of partsOf(content, partOf)) {
      if (part !== null && typeof part !== 'string') listener.media.push(part);
    }
  }
  if (speaks || results.length === 0) listener.userSays(parts);
}

/** The mark itself is no part of the prompt. */
const unmarked = (block: JsonObject): string =>
  JSON.stringify(block, (name, value: unknown) => (name === 'cache_control' ? undefined : value));

/** Hears the request in the order the model reads it, hashing block by block where something is to be cached. */
function hear(body: JsonObject, messages: readonly JsonObject[]): [Listener, readonly Prefix[]] {
  const listener = new Listener();
  const hasher = new PrefixHasher();
  const pass = (block: unknown): void => {
    const life = isObject(block) ? lifeOf(block) : null;
    const text = isObject(block) ? unmarked(block) : JSON.stringify(block);
    hasher.block(text, listener.inputTokens, life);
  };
  const { tools, system, cache_control: whole } = body;
  for (const tool of Array.isArray(tools) ? tools : []) {
    listener.read(JSON.stringify(tool));
    pass(tool);
  }
  listener.systemSays(contentText(system));
  for (const block of Array.isArray(system) ? system : [system ?? '']) pass(block);
  for (const message of messages) {
    if (message['role'] === 'user') hearUser(listener, message);
    else listener.modelSays(contentText(message['content']));
    const { content } = message;
    for (const block of Array.isArray(content) ? content : [content]) pass(block);
  }
  if (isObject(whole)) hasher.block('', listener.inputTokens, lifeOf(body));
  const marked = hasher.prefixes.filter(({ lifeMs }) => lifeMs !== null);
  return [listener, marked.length === 0 ? [] : hasher.prefixes];
}

function choiceOf(choice: unknown): ToolChoice {
  if (!isObject(choice)) return 'auto';
  if (choice['type'] === 'tool') return { name: String(choice['name']) };
  if (choice['type'] === 'any') return 'required';
  return choice['type'] === 'none' ? 'none' : 'auto';
}

function formatOf({ output_config: config, output_format: beta }: JsonObject): Heard['format'] {
  const format = isObject(config) && isObject(config['format']) ? config['format'] : beta;
  return isObject(format) && format['type'] === 'json_schema' ? { schema: format['schema'] } : null;
}

/** Of the tools, the caller's own: Anthropic's have no schema. */
function askedBy(body: JsonObject): Omit<Asked, 'thinks' | 'allowance'> {
  const { tools, tool_choice: choice } = body;
  return {
    tools: (Array.isArray(tools) ? tools : [])
      .filter(isObject)
      .filter(({ input_schema: schema }) => schema !== undefined)
      .map(({ name, input_schema: schema }) => ({ name: String(name), schema })),
    choice: choiceOf(choice),
    parallel: !(isObject(choice) && choice['disable_parallel_tool_use'] === true),
    format: formatOf(body),
    stops: stopsOf(body['stop_sequences']),
  };
}

const REDACT = 'ANTHROPIC_MAGIC_STRING_TRIGGER_REDACTED_THINKING_';

/** `counting`: for count_tokens, which needs no allowance. */
export function readMessages(body: JsonObject, counting = false): MessagesRequest | Refusal {
  const { thinking } = body;
  const type = isObject(thinking) ? thinking['type'] : undefined;
  const thinks = type === 'enabled' || type === 'adaptive';
  const wrong =
    wrongHead(body, counting) ??
    wrongMessages(body, thinks) ??
    wrongTools(body) ??
    wrongThinking(body, counting) ??
    wrongFields(body);
  if (wrong !== null) return wrong;
  const messages = Array.isArray(body['messages']) ? body['messages'].filter(isObject) : [];
  const [listener, prefixes] = hear(body, messages);
  const marks = prefixes.filter(({ lifeMs }) => lifeMs !== null).length;
  if (marks > MAX_MARKS) {
    return invalid(
      `A maximum of ${MAX_MARKS} blocks with cache_control may be provided. Found ${marks}.`,
    );
  }
  const last = messages.at(-1);
  if (last?.['role'] === 'assistant') listener.begun = contentText(last['content']);
  const allowance = counting ? null : Number(body['max_tokens']);
  const heard = listener.heard({ ...askedBy(body), thinks, allowance });
  return {
    model: String(body['model']),
    stream: body['stream'] === true,
    heard,
    showsThoughts: !(isObject(thinking) && thinking['display'] === 'omitted'),
    redacts: heard.prompt.includes(REDACT),
    prefixes,
  };
}
