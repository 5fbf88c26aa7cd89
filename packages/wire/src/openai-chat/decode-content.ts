/**
 * Content of messages. Source: types `ChatCompletionContentPart*` of the official SDK; `video_url` is what vLLM, OpenRouter, Qwen and
 * Zhipu take; `thinking` is Mistral's `ThinkChunk`.
 */
import {
  textPart,
  type FilePart,
  type ImagePart,
  type MediaSource,
  type Part,
  type TextPart,
} from '../canonical/content.ts';
import { mediaOfUrl } from '../canonical/data-url.ts';
import {
  lenientString,
  missingFault,
  optionalString,
  pathOf,
  requiredObject,
  requiredString,
  wrongFault,
} from '../canonical/read-member.ts';
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../json/value.ts';
import { audioMediaType } from './audio-format.ts';
import { decodeCacheMark } from './cache-control.ts';
import { ridersOf } from './riders.ts';

const known = (...names: readonly string[]): ReadonlySet<string> =>
  new Set(['type', 'cache_control', ...names]);
const TEXT = known('text');
const REFUSAL = known('refusal');
const IMAGE = known('image_url');
const AUDIO = known('input_audio');
const VIDEO = known('video_url');
const FILE = known('file');
const THINKING = known('thinking', 'closed');

/** The content of one message: a string, a list of parts, or nothing. */
export function decodeContent(content: JsonValue | undefined, at: string): Part[] {
  if (content === null || content === undefined) return [];
  if (typeof content === 'string') return [textPart(content)];
  if (!isJsonArray(content)) throw wrongFault(at, 'a string or an array of content parts');
  const parts: Part[] = [];
  for (const [index, block] of content.entries()) {
    const place = pathOf(at, index);
    if (!isJsonObject(block)) throw wrongFault(place, 'an object');
    decodeBlock(block, place, parts);
  }
  return parts;
}

function decodeBlock(block: JsonObject, at: string, parts: Part[]): void {
  const type = requiredString(block, 'type', at);
  const cache = decodeCacheMark(block);
  switch (type) {
    case 'text':
      parts.push(textPart(requiredString(block, 'text', at), cache));
      parts.push(...ridersOf(block, TEXT, type));
      return;
    case 'refusal':
      parts.push({ kind: 'refusal', text: requiredString(block, 'refusal', at) });
      parts.push(...ridersOf(block, REFUSAL, type));
      return;
    case 'image_url':
      parts.push({ ...decodeImage(block, at), cache }, ...ridersOf(block, IMAGE, type));
      return;
    case 'input_audio':
      parts.push({ kind: 'audio', source: audioOf(block, at) }, ...ridersOf(block, AUDIO, type));
      return;
    case 'video_url':
      parts.push({ kind: 'video', source: mediaOfUrl(linkIn(block, type, at).url) });
      parts.push(...ridersOf(block, VIDEO, type));
      return;
    case 'file':
      parts.push({ ...decodeFile(block, at), cache }, ...ridersOf(block, FILE, type));
      return;
    case 'thinking':
      parts.push(thinkingChunk(block), ...ridersOf(block, THINKING, type));
      return;
    default:
      parts.push({ kind: 'foreign', origin: 'openai-chat', name: type, value: block });
  }
}

function decodeImage(block: JsonObject, at: string): ImagePart {
  const { url, detail } = linkIn(block, 'image_url', at);
  return { kind: 'image', source: mediaOfUrl(url), detail, cache: null };
}

/** `{url}`, or the URL itself as some hosts allow. */
function linkIn(
  block: JsonObject,
  name: string,
  at: string,
): { readonly url: string; readonly detail: string | null } {
  const link = block[name] ?? null;
  if (link === null) throw missingFault(pathOf(at, name));
  if (typeof link === 'string') return { url: link, detail: null };
  const object = requiredObject(block, name, at);
  const place = pathOf(at, name);
  return {
    url: requiredString(object, 'url', place),
    detail: optionalString(object, 'detail', place),
  };
}

function audioOf(block: JsonObject, at: string): MediaSource {
  const audio = requiredObject(block, 'input_audio', at);
  const place = pathOf(at, 'input_audio');
  const data = requiredString(audio, 'data', place);
  const format = requiredString(audio, 'format', place);
  return { kind: 'base64', mediaType: audioMediaType(format), data };
}

/** `file_data` is a `data:` URL; bare base64 is taken for a PDF, the one kind OpenAI reads; OpenRouter also takes a link there. */
function decodeFile(block: JsonObject, at: string): FilePart {
  const file = requiredObject(block, 'file', at);
  const place = pathOf(at, 'file');
  const name = optionalString(file, 'filename', place);
  const id = optionalString(file, 'file_id', place);
  if (id !== null) {
    return { kind: 'file', source: { kind: 'id', id, origin: 'openai-chat' }, name, cache: null };
  }
  const data = requiredString(file, 'file_data', place);
  const isUrl = data.startsWith('data:') || data.startsWith('https:') || data.startsWith('http:');
  const source: MediaSource = isUrl
    ? mediaOfUrl(data)
    : { kind: 'base64', mediaType: 'application/pdf', data };
  return { kind: 'file', source, name, cache: null };
}

/** Mistral's thoughts: `{type: 'thinking', thinking: [{type: 'text', text}, …]}`; references between the texts are left out. */
export function thinkingChunk(block: JsonObject): Part {
  const pieces = block['thinking'];
  const list = isJsonArray(pieces) ? pieces : [pieces ?? ''];
  let text = '';
  for (const piece of list) {
    if (typeof piece === 'string') text += piece;
    else if (isJsonObject(piece)) text += lenientString(piece['text']) ?? '';
  }
  return { kind: 'thinking', text, signature: null, sealed: null, id: null };
}

/** What a tool answered: texts and pictures; what else there is rides behind it under `tool.<name>`. */
export function decodeToolContent(
  content: JsonValue | undefined,
  at: string,
): { readonly content: readonly (TextPart | ImagePart | FilePart)[]; readonly rest: Part[] } {
  const inside: (TextPart | ImagePart | FilePart)[] = [];
  const rest: Part[] = [];
  for (const part of decodeContent(content, at)) {
    if (part.kind === 'text' || part.kind === 'image' || part.kind === 'file') inside.push(part);
    else if (part.kind === 'foreign') rest.push({ ...part, name: `tool.content.${part.name}` });
    else throw wrongFault(at, 'a string or an array of text parts');
  }
  return { content: inside, rest };
}
