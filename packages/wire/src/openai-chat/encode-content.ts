import type { AudioPart, FilePart, MediaSource, Part } from '../canonical/content.ts';
import { urlOfMedia } from '../canonical/data-url.ts';
import type { Dialect } from '../canonical/dialect.ts';
import type { Drops } from '../canonical/drops.ts';
import { extrasFor } from '../canonical/part-extras.ts';
import { isJsonObject, type JsonValue } from '../json/value.ts';
import { audioFormat } from './audio-format.ts';
import { cacheControl } from './cache-control.ts';
import type { ChatEncodeOptions } from './encode-options.ts';
import { riderOf } from './riders.ts';

/** An object that is still being written. */
export type Block = Record<string, JsonValue | undefined>;

/** What an encoder of messages is told beside the turns. */
export interface EncodeScope {
  readonly origin: Dialect;
  readonly options: ChatEncodeOptions;
  readonly drops: Drops;
}

/** Files and OpenAI's other dialect are one store of uploads. */
const OWN_IDS: ReadonlySet<Dialect> = new Set(['openai-chat', 'openai-responses']);

/** A content part of a message; null for what has no place in one, which is named. Riders are the caller's work. */
export function encodeBlock(part: Part, scope: EncodeScope): Block | null {
  const block = bareBlock(part, scope);
  nameExtras(part, scope.drops);
  const cache = 'cache' in part ? part.cache : null;
  if (block === null || cache === null) return block;
  if (marksCache(scope)) return { ...block, ...cacheControl(cache) };
  scope.drops.add('cache_control');
  return block;
}

/** What another dialect says of a part beside what all of them say; this one's own rides apart. */
export function nameExtras(part: Part, drops: Drops): void {
  if ('extras' in part) extrasFor(part.extras, 'openai-chat', drops);
}

/** A caller of this dialect who sets marks knows what its host takes. */
export function marksCache({ origin, options }: EncodeScope): boolean {
  return options.cacheControl || origin === 'openai-chat';
}

function bareBlock(part: Part, scope: EncodeScope): Block | null {
  switch (part.kind) {
    case 'text':
      if (part.annotations !== null) scope.drops.add('citations');
      return { type: 'text', text: part.text };
    case 'refusal':
      return { type: 'refusal', refusal: part.text };
    case 'image':
    case 'video':
      return linkedBlock(part.kind, part.source, part.kind === 'image' ? part.detail : null, scope);
    case 'audio':
      return audioBlock(part, scope);
    case 'file':
      return fileBlock(part, scope);
    case 'foreign':
      if (part.origin === 'openai-chat' && isJsonObject(part.value)) return { ...part.value };
      scope.drops.addForeign(part);
      return null;
    default:
      scope.drops.add(part.kind);
      return null;
  }
}

function linkedBlock(
  kind: 'image' | 'video',
  source: MediaSource,
  detail: string | null,
  { drops }: EncodeScope,
): Block | null {
  const url = urlOfMedia(source);
  if (url === null) {
    drops.add(kind);
    return null;
  }
  const type = `${kind}_url`;
  return { type, [type]: detail === null ? { url } : { url, detail } };
}

/** Sound only as bytes; a link or an upload has no place here. */
function audioBlock({ source }: AudioPart, { drops }: EncodeScope): Block | null {
  if (source.kind === 'base64') {
    const input = { data: source.data, format: audioFormat(source.mediaType) };
    return { type: 'input_audio', input_audio: input };
  }
  drops.add('audio');
  return null;
}

/** OpenAI reads PDFs here; a text of another dialect goes as text, a link only where it came from this dialect. */
function fileBlock(part: FilePart, scope: EncodeScope): Block | null {
  const { source, name } = part;
  const named = name === null ? {} : { filename: name };
  if (source.kind === 'id') {
    if (OWN_IDS.has(source.origin)) return { type: 'file', file: { file_id: source.id, ...named } };
  } else if (scope.origin === 'openai-chat') {
    return { type: 'file', file: { ...named, file_data: urlOfMedia(source) } };
  } else if (source.kind === 'base64') {
    const text = source.mediaType.startsWith('text/') ? textOf(source.data) : null;
    if (text !== null) return { type: 'text', text };
    return { type: 'file', file: { filename: name ?? 'file.pdf', file_data: urlOfMedia(source) } };
  }
  scope.drops.add('file');
  return null;
}

/** The characters of base64 in UTF-8; null where it is none. */
function textOf(base64: string): string | null {
  try {
    const binary = atob(base64);
    const bytes = new Uint8Array(binary.length);
    for (let index = 0; index < binary.length; index++) bytes[index] = binary.charCodeAt(index);
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** Content parts with their riders; what rides on the message is put into `message`. */
export function encodeBlocks(parts: readonly Part[], scope: EncodeScope, message: Block): Block[] {
  const blocks: Block[] = [];
  for (const part of parts) {
    const rider = part.kind === 'foreign' ? riderOf(part) : null;
    if (part.kind !== 'foreign' || rider === null) {
      const block = encodeBlock(part, scope);
      if (block !== null) blocks.push(block);
      continue;
    }
    const holder = rider.owner === 'message' ? message : blocks.at(-1);
    const fits = rider.owner === 'message' || holder?.['type'] === rider.owner;
    if (part.origin === 'openai-chat' && holder !== undefined && fits) {
      holder[rider.member] = rider.value;
    } else {
      scope.drops.addForeign(part);
    }
  }
  return blocks;
}

/** A single plain text is a string, as most hosts know it; else a list. */
export function contentOf(blocks: readonly Block[]): JsonValue {
  const [first] = blocks;
  if (first === undefined) return '';
  const text = first['text'];
  const isPlain =
    blocks.length === 1 && first['type'] === 'text' && Object.keys(first).length === 2;
  return isPlain && text !== undefined ? text : blocks;
}
