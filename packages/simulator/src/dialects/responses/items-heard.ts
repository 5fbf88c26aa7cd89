/** What the items of a conversation come to: openai-node `ResponseInputItem`. */
import { Listener, partsOf } from '../conversation/heard.ts';
import type { Heard, HeardPart, OfferedTool, ToolChoice } from '../conversation/heard.ts';
import { encodedMedia, linkedMedia } from '../conversation/media.ts';
import { contentText, isObject } from '../json-body.ts';
import type { JsonObject } from '../json-body.ts';
import { typeOf } from './item-checks.ts';

function partOf(part: JsonObject): HeardPart {
  const { type, text, image_url: image, file_data: data, file_url: url, input_audio: audio } = part;
  if (type === 'input_image') {
    return typeof image === 'string' ? linkedMedia('image', image) : { kind: 'image', type: 'id' };
  }
  if (type === 'input_file') {
    if (typeof data === 'string') return linkedMedia('file', data);
    return { kind: 'file', type: typeof url === 'string' ? 'url' : 'id' };
  }
  if (type === 'input_audio' && isObject(audio) && typeof audio['data'] === 'string') {
    return encodedMedia('audio', audio['data']);
  }
  return typeof text === 'string' ? text : null;
}

function hearItem(listener: Listener, item: JsonObject): void {
  const { role, content, output } = item;
  const type = typeOf(item);
  if (type === 'function_call_output') {
    listener.toolSays(contentText(output));
    for (const part of partsOf(output, partOf)) {
      if (part !== null && typeof part !== 'string') listener.media.push(part);
    }
  } else if (type === 'message' && role === 'user') {
    listener.userSays(partsOf(content, partOf));
  } else if (type === 'message' && role === 'assistant') {
    listener.modelSays(contentText(content));
  } else if (type === 'message') {
    listener.systemSays(contentText(content));
  }
}

const functions = (tools: unknown): OfferedTool[] =>
  (Array.isArray(tools) ? tools : [])
    .filter(isObject)
    .filter(({ type }) => type === 'function')
    .map(({ name, parameters }) => ({ name: String(name), schema: parameters }));

/** The choice, and the tools that it leaves. */
function chosen({ tools, tool_choice: choice }: JsonObject): [ToolChoice, OfferedTool[]] {
  const offered = functions(tools);
  if (choice === 'none' || choice === 'required') return [choice, offered];
  if (!isObject(choice)) return ['auto', offered];
  if (choice['type'] === 'function') return [{ name: String(choice['name']) }, offered];
  if (choice['type'] !== 'allowed_tools') return ['auto', offered];
  const allowed = new Set(functions(choice['tools']).map(({ name }) => name));
  const left = offered.filter(({ name }) => allowed.has(name));
  return [choice['mode'] === 'required' ? 'required' : 'auto', left];
}

function formatOf({ text }: JsonObject): Heard['format'] {
  const format = isObject(text) ? text['format'] : null;
  if (!isObject(format) || format['type'] === 'text') return null;
  return format['type'] === 'json_schema' ? { schema: format['schema'] } : 'json';
}

function thinks({ reasoning }: JsonObject): boolean {
  if (!isObject(reasoning)) return false;
  const { effort } = reasoning;
  return effort !== 'none' && effort !== 'minimal';
}

/** `conversation`: the items of earlier responses and the request's own, known to be right. */
export function itemsHeard(body: JsonObject, conversation: readonly unknown[]): Heard {
  const listener = new Listener();
  const { instructions } = body;
  if (typeof instructions === 'string') listener.systemSays(instructions);
  for (const item of conversation.filter(isObject)) hearItem(listener, item);
  const [choice, tools] = chosen(body);
  const allowance = body['max_output_tokens'];
  return listener.heard({
    tools,
    choice,
    parallel: body['parallel_tool_calls'] !== false,
    format: formatOf(body),
    thinks: thinks(body),
    stops: [],
    allowance: typeof allowance === 'number' ? allowance : null,
  });
}
