import type {
  Annotations,
  CacheMark,
  FilePart,
  ImagePart,
  Part,
  TextPart,
} from '../canonical/content.ts';
import {
  missingFault,
  optionalObject,
  optionalString,
  objectsIn,
  pathOf,
  requiredObject,
  requiredString,
  wrongFault,
} from '../canonical/read-member.ts';
import { isJsonArray, type JsonObject, type JsonValue } from '../json/value.ts';
import { RESPONSES } from './dialect.ts';
import { audioType, inlineBytes, sourceOfUrl } from './media.ts';
import { ridersOf } from './riders.ts';

const BARE_DATA = 'application/pdf';

/** The content of a message: a string or a list of blocks. Blocks without a canonical form are kept as a list of one. */
export function decodeContent(message: JsonObject, at: string): Part[] {
  const content = message['content'];
  if (typeof content === 'string') return [bareText(content)];
  if (!isJsonArray(content)) throw wrongFault(pathOf(at, 'content'), 'a string or an array');
  const parts: Part[] = [];
  for (const { value, at: place } of objectsIn(message, 'content', at)) {
    const part = decodeBlock(value, place);
    parts.push(part);
    if (part.kind === 'file') parts.push(...ridersOf(value, 'input_file'));
  }
  return parts;
}

/** What a tool answered: a string or a list of texts, images and files. */
export function decodeOutput(
  item: JsonObject,
  at: string,
): readonly (TextPart | ImagePart | FilePart)[] {
  const place = pathOf(at, 'output');
  const output = item['output'] ?? null;
  if (output === null) throw missingFault(place);
  if (typeof output === 'string') return [bareText(output)];
  if (!isJsonArray(output)) throw wrongFault(place, 'a string or an array');
  return objectsIn(item, 'output', at).map(({ value, at: blockAt }) => {
    const part = decodeBlock(value, blockAt);
    if (part.kind === 'text' || part.kind === 'image' || part.kind === 'file') return part;
    throw wrongFault(pathOf(blockAt, 'type'), 'input_text, input_image or input_file');
  });
}

function decodeBlock(block: JsonObject, at: string): Part {
  const type = requiredString(block, 'type', at);
  switch (type) {
    case 'input_text':
    case 'output_text':
    case 'text':
      return {
        kind: 'text',
        text: requiredString(block, 'text', at),
        annotations: annotationsOf(block['annotations']),
        signature: null,
        cache: cacheMark(block, at),
      };
    case 'refusal':
      return { kind: 'refusal', text: requiredString(block, 'refusal', at) };
    case 'input_image':
      return decodeImage(block, at);
    case 'input_file':
      return decodeFile(block, at);
    case 'input_audio': {
      const place = pathOf(at, 'input_audio');
      const audio = requiredObject(block, 'input_audio', at);
      const mediaType = audioType(requiredString(audio, 'format', place));
      const data = requiredString(audio, 'data', place);
      return { kind: 'audio', source: { kind: 'base64', mediaType, data } };
    }
    default:
      return { kind: 'foreign', origin: RESPONSES, name: type, value: [block] };
  }
}

function decodeImage(block: JsonObject, at: string): ImagePart {
  const url = optionalString(block, 'image_url', at);
  const id = optionalString(block, 'file_id', at);
  if (url === null && id === null) throw missingFault(pathOf(at, 'image_url'));
  return {
    kind: 'image',
    source: url === null ? uploaded(id ?? '') : sourceOfUrl(url),
    detail: optionalString(block, 'detail', at),
    cache: cacheMark(block, at),
  };
}

/** `file_data` is a `data:` URL; bare base64 of hosts that want it so is taken for a PDF. */
function decodeFile(block: JsonObject, at: string): FilePart {
  const data = optionalString(block, 'file_data', at);
  const url = optionalString(block, 'file_url', at);
  const id = optionalString(block, 'file_id', at);
  const name = optionalString(block, 'filename', at);
  const cache = cacheMark(block, at);
  if (data !== null) {
    const source = inlineBytes(data) ?? { kind: 'base64', mediaType: BARE_DATA, data };
    return { kind: 'file', source, name, cache };
  }
  if (url !== null) return { kind: 'file', source: sourceOfUrl(url), name, cache };
  if (id !== null) return { kind: 'file', source: uploaded(id), name, cache };
  throw missingFault(pathOf(at, 'file_data'));
}

function uploaded(id: string): { kind: 'id'; id: string; origin: typeof RESPONSES } {
  return { kind: 'id', id, origin: RESPONSES };
}

function bareText(text: string): TextPart {
  return { kind: 'text', text, annotations: null, signature: null, cache: null };
}

/** Annotations of an `output_text`; null where there are none. */
export function annotationsOf(list: JsonValue | undefined): Annotations | null {
  return isJsonArray(list) && list.length > 0 ? { origin: RESPONSES, list } : null;
}

/** `prompt_cache_breakpoint`. OpenAI's lifetimes stand for the next shorter ones that others know: 30m for 5m, 12h for 1h. */
function cacheMark(block: JsonObject, at: string): CacheMark | null {
  const mark = optionalObject(block, 'prompt_cache_breakpoint', at);
  if (mark === null) return null;
  const ttl = mark['ttl'];
  if (ttl === '30m') return { ttl: '5m' };
  return { ttl: ttl === '12h' ? '1h' : null };
}
