/** What a chat completions request comes to: its messages, parts, tools and formats as openai-node's types name them. */
import { Listener, partsOf, stopsOf } from '../conversation/heard.ts';
import type { Heard, HeardPart, OfferedTool, ToolChoice } from '../conversation/heard.ts';
import { encodedMedia, linkedMedia } from '../conversation/media.ts';
import { contentText, isObject } from '../json-body.ts';
import type { JsonObject } from '../json-body.ts';

function partOf(part: JsonObject): HeardPart {
  const { image_url: image, input_audio: audio, file, text } = part;
  if (isObject(image) && typeof image['url'] === 'string') {
    return linkedMedia('image', image['url']);
  }
  if (isObject(audio) && typeof audio['data'] === 'string') {
    return encodedMedia('audio', audio['data']);
  }
  if (isObject(file)) {
    const data = file['file_data'];
    return typeof data === 'string' ? linkedMedia('file', data) : { kind: 'file', type: 'id' };
  }
  return typeof text === 'string' ? text : null;
}

const offered = (tools: unknown): OfferedTool[] =>
  (Array.isArray(tools) ? tools : [])
    .filter(isObject)
    .map((tool) => tool['function'])
    .filter(isObject)
    .map((described) => ({ name: String(described['name']), schema: described['parameters'] }));

function choiceOf(choice: unknown): ToolChoice {
  if (choice === 'none' || choice === 'required') return choice;
  if (isObject(choice) && isObject(choice['function'])) {
    return { name: String(choice['function']['name']) };
  }
  return 'auto';
}

function formatOf(format: unknown): Heard['format'] {
  if (!isObject(format) || format['type'] === 'text') return null;
  const described = format['json_schema'];
  return format['type'] === 'json_schema' && isObject(described)
    ? { schema: described['schema'] }
    : 'json';
}

/** DeepSeek and Zhipu say `thinking`, Qwen `enable_thinking`; OpenAI's models think unseen. */
const thinks = (body: JsonObject): boolean =>
  body['enable_thinking'] === true ||
  (isObject(body['thinking']) && body['thinking']['type'] === 'enabled');

/**
 * The request hands over the beginning of the answer and asks to go on from it, as vLLM (a field of the request) and Mistral (a mark on the
 * last message) take it. Without either, a beginning is answered like anything else.
 */
function begunBy(body: JsonObject, last: unknown): string {
  if (!isObject(last) || last['role'] !== 'assistant') return '';
  const asked = body['continue_final_message'] === true || last['prefix'] === true;
  return asked ? contentText(last['content']) : '';
}

/** The messages are known to be objects with roles. */
export function chatHeard(
  body: JsonObject,
  messages: readonly unknown[],
  allowance: number | null,
): Heard {
  const listener = new Listener();
  for (const message of messages.filter(isObject)) {
    const { role, content } = message;
    if (role === 'user') listener.userSays(partsOf(content, partOf));
    else if (role === 'assistant') listener.modelSays(contentText(content));
    else if (role === 'tool' || role === 'function') listener.toolSays(contentText(content));
    else listener.systemSays(contentText(content));
  }
  listener.begun = begunBy(body, messages.at(-1));
  return listener.heard({
    tools: offered(body['tools']),
    choice: choiceOf(body['tool_choice']),
    parallel: body['parallel_tool_calls'] !== false,
    format: formatOf(body['response_format']),
    thinks: thinks(body),
    stops: stopsOf(body['stop']),
    allowance,
  });
}
