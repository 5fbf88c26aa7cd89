/** Reads Converse requests: what is wrong, or what they come to. */
import type { Refusal } from '../../faces/refusal.ts';
import { PrefixHasher } from '../../stored/prompt-cache.ts';
import type { Prefix } from '../../stored/prompt-cache.ts';
import { Listener, stopsOf } from '../conversation/heard.ts';
import type { Heard, HeardPart, OfferedTool, ToolChoice } from '../conversation/heard.ts';
import { encodedMedia } from '../conversation/media.ts';
import type { Media } from '../conversation/media.ts';
import { contentText, isObject } from '../json-body.ts';
import type { JsonObject } from '../json-body.ts';
import { blocksIn, wrongConfig, wrongMessages, wrongTools } from './request-checks.ts';

export interface ConverseRequest {
  readonly heard: Heard;
  /** Thoughts are sealed, as for a text that Anthropic documents for tests. */
  readonly redacts: boolean;
  /** The prompt's beginnings; empty when none is to be cached. */
  readonly prefixes: readonly Prefix[];
}

const KINDS: Readonly<Record<string, Media['kind']>> = {
  image: 'image',
  document: 'file',
  video: 'file',
  audio: 'audio',
};

function mediaIn(block: JsonObject): Media | null {
  const name = Object.keys(KINDS).find((one) => isObject(block[one]));
  const kind = name === undefined ? undefined : KINDS[name];
  const given = name === undefined ? undefined : block[name];
  if (kind === undefined || !isObject(given)) return null;
  const source = isObject(given['source']) ? given['source'] : {};
  const { bytes, text } = source;
  if (typeof bytes === 'string') return encodedMedia(kind, bytes);
  return { kind, type: typeof text === 'string' ? 'text/plain' : 'url' };
}

const partOf = (block: JsonObject): HeardPart =>
  mediaIn(block) ?? (typeof block['text'] === 'string' ? block['text'] : null);

function resultText({ content }: JsonObject): string {
  const parts: unknown[] = Array.isArray(content) ? content : [];
  return parts
    .filter(isObject)
    .map(({ text, json }) =>
      typeof text === 'string' ? text : json === undefined ? '' : JSON.stringify(json),
    )
    .join('');
}

function hearUser(listener: Listener, message: unknown): void {
  const blocks = blocksIn(message);
  const results = blocks.map(({ toolResult }) => toolResult).filter(isObject);
  for (const result of results) {
    listener.toolSays(resultText(result));
    for (const block of blocksIn(result)) {
      const media = mediaIn(block);
      if (media !== null) listener.media.push(media);
    }
  }
  const parts = blocks.map(partOf);
  if (results.length === 0 || parts.some((part) => part !== null)) listener.userSays(parts);
}

const MINUTE = 60_000;

/** Hears the request in the order the model reads it, hashing block by block where a point of the cache stands. */
function hear(body: JsonObject, tools: readonly unknown[]): [Listener, readonly Prefix[]] {
  const listener = new Listener();
  const hasher = new PrefixHasher();
  const pass = (block: unknown): void => {
    const point = isObject(block) ? block['cachePoint'] : undefined;
    if (isObject(point)) hasher.mark(point['ttl'] === '1h' ? 60 * MINUTE : 5 * MINUTE);
    else hasher.block(JSON.stringify(block), listener.inputTokens, null);
  };
  for (const tool of tools) {
    listener.read(JSON.stringify(tool));
    pass(tool);
  }
  const { system, messages } = body;
  listener.systemSays(contentText(system));
  for (const block of Array.isArray(system) ? system : []) pass(block);
  for (const message of Array.isArray(messages) ? messages : []) {
    if (isObject(message) && message['role'] === 'user') hearUser(listener, message);
    else listener.modelSays(contentText(blocksIn(message)));
    for (const block of blocksIn(message)) pass(block);
  }
  const marked = hasher.prefixes.some(({ lifeMs }) => lifeMs !== null);
  return [listener, marked ? hasher.prefixes : []];
}

function choiceOf(config: JsonObject): ToolChoice {
  const choice = config['toolChoice'];
  if (!isObject(choice)) return 'auto';
  if (isObject(choice['tool'])) return { name: String(choice['tool']['name']) };
  return choice['any'] === undefined ? 'auto' : 'required';
}

/** The schema is a text of its own. */
function formatOf({ outputConfig: config }: JsonObject): Heard['format'] {
  const format = isObject(config) ? config['textFormat'] : null;
  const structure = isObject(format) ? format['structure'] : null;
  const described = isObject(structure) ? structure['jsonSchema'] : null;
  if (!isObject(described) || typeof described['schema'] !== 'string') return null;
  try {
    const schema: unknown = JSON.parse(described['schema']);
    return { schema };
  } catch {
    return 'json';
  }
}

/** What Claude takes beside what Converse knows. */
function thinks({ additionalModelRequestFields: more }: JsonObject): boolean {
  const thinking = isObject(more) ? (more['thinking'] ?? more['reasoning_config']) : null;
  const type = isObject(thinking) ? thinking['type'] : undefined;
  return type === 'enabled' || type === 'adaptive';
}

const REDACT = 'ANTHROPIC_MAGIC_STRING_TRIGGER_REDACTED_THINKING_';

export function readConverse(body: JsonObject): ConverseRequest | Refusal {
  const wrong = wrongMessages(body) ?? wrongTools(body) ?? wrongConfig(body);
  if (wrong !== null) return wrong;
  const toolConfig = isObject(body['toolConfig']) ? body['toolConfig'] : {};
  const tools: unknown[] = Array.isArray(toolConfig['tools']) ? toolConfig['tools'] : [];
  const [listener, prefixes] = hear(body, tools);
  const offered: OfferedTool[] = tools
    .filter(isObject)
    .map(({ toolSpec }) => toolSpec)
    .filter(isObject)
    .map(({ name, inputSchema }) => ({
      name: String(name),
      schema: isObject(inputSchema) ? inputSchema['json'] : undefined,
    }));
  const config = isObject(body['inferenceConfig']) ? body['inferenceConfig'] : {};
  const most = config['maxTokens'];
  const heard = listener.heard({
    tools: offered,
    choice: choiceOf(toolConfig),
    parallel: true,
    format: formatOf(body),
    thinks: thinks(body),
    stops: stopsOf(config['stopSequences']),
    allowance: typeof most === 'number' ? most : null,
  });
  return { heard, redacts: heard.prompt.includes(REDACT), prefixes };
}
