import type {
  Annotations,
  CacheMark,
  FilePart,
  ImagePart,
  Part,
  TextPart,
} from '../canonical/content.ts';
import type { Dialect } from '../canonical/dialect.ts';
import type { Drops } from '../canonical/drops.ts';
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../json/value.ts';
import { said } from '../canonical/said.ts';
import { RESPONSES } from './dialect.ts';
import { audioFormat, dataUrl } from './media.ts';

/** A file that comes with its bytes must have a name, which tells its kind. */
const FILE_NAMES: Readonly<Record<string, string>> = {
  'application/pdf': 'document.pdf',
  'text/plain': 'document.txt',
  'text/markdown': 'document.md',
  'text/html': 'document.html',
  'text/csv': 'document.csv',
};

/** Who wrote the part, as far as its blocks differ for it. */
export interface Writer {
  readonly origin: Dialect;
  readonly isModel: boolean;
}

/** A part as a block of a message; null (and named) where a message cannot hold it. */
export function encodeBlock(part: Part, writer: Writer, drops: Drops): JsonValue | null {
  switch (part.kind) {
    case 'text':
      return encodeTextBlock(part, writer, drops);
    case 'refusal':
      return writer.isModel
        ? { type: 'refusal', refusal: part.text }
        : { type: 'input_text', text: part.text };
    case 'foreign':
      if (part.origin === RESPONSES && isJsonArray(part.value)) return part.value[0] ?? null;
      drops.addForeign(part);
      return null;
    case 'image':
    case 'file':
    case 'audio': {
      const block = writer.isModel ? null : encodeMedia(part, writer, drops);
      if (block === null) drops.add(part.kind);
      return block;
    }
    default:
      drops.add(part.kind);
      return null;
  }
}

function encodeTextBlock(part: TextPart, { origin, isModel }: Writer, drops: Drops): JsonObject {
  const annotations = part.annotations === null ? null : ownAnnotations(part.annotations);
  if (part.annotations !== null && (annotations === null || !isModel)) drops.add('citations');
  if (part.signature !== null) drops.add('thinking');
  if (annotations === null && part.cache === null) {
    return { type: isModel ? 'output_text' : 'input_text', text: part.text };
  }
  return said({
    type: isModel ? 'output_text' : 'input_text',
    text: part.text,
    annotations: isModel ? annotations : null,
    prompt_cache_breakpoint: breakpoint(part.cache, origin, drops),
  });
}

function encodeMedia(
  part: Extract<Part, { kind: 'image' | 'file' | 'audio' }>,
  { origin }: Writer,
  drops: Drops,
): JsonObject | null {
  if (part.kind === 'image') return encodeImage(part, origin, drops);
  if (part.kind === 'file') return encodeFile(part, origin, drops);
  if (part.source.kind !== 'base64') return null;
  const format = audioFormat(part.source.mediaType);
  if (format === null) return null;
  return { type: 'input_audio', input_audio: { data: part.source.data, format } };
}

function encodeImage(part: ImagePart, origin: Dialect, drops: Drops): JsonObject | null {
  const { source, detail } = part;
  if (source.kind === 'id' && !isOpenAi(source.origin)) return null;
  const url = source.kind === 'base64' ? dataUrl(source.mediaType, source.data) : null;
  return said({
    type: 'input_image',
    image_url: source.kind === 'url' ? source.url : url,
    file_id: source.kind === 'id' ? source.id : null,
    detail,
    prompt_cache_breakpoint: breakpoint(part.cache, origin, drops),
  });
}

function encodeFile(part: FilePart, origin: Dialect, drops: Drops): JsonObject | null {
  const { source, name } = part;
  if (source.kind === 'id' && !isOpenAi(source.origin)) return null;
  const isInline = source.kind === 'base64';
  const needsName = isInline && origin !== RESPONSES;
  return said({
    type: 'input_file',
    filename: name ?? (needsName ? nameFor(source.mediaType) : null),
    file_data: isInline ? dataUrl(source.mediaType, source.data) : null,
    file_url: source.kind === 'url' ? source.url : null,
    file_id: source.kind === 'id' ? source.id : null,
    prompt_cache_breakpoint: breakpoint(part.cache, origin, drops),
  });
}

function nameFor(mediaType: string): string {
  return Object.hasOwn(FILE_NAMES, mediaType) ? (FILE_NAMES[mediaType] ?? '') : 'document';
}

/** Uploads of both OpenAI dialects are one store. */
function isOpenAi(origin: Dialect): boolean {
  return origin === RESPONSES || origin === 'openai-chat';
}

/**
 * Marks of this dialect's own callers only: older models refuse a breakpoint they do not know, and cache without one, so a mark that was
 * meant for another provider is named instead.
 */
function breakpoint(cache: CacheMark | null, origin: Dialect, drops: Drops): JsonObject | null {
  if (cache === null) return null;
  if (origin !== RESPONSES) {
    drops.add('cache_control');
    return null;
  }
  const ttl = cache.ttl === '5m' ? '30m' : '12h';
  return said({ mode: 'explicit', ttl: cache.ttl === null ? null : ttl });
}

/** Annotations in this dialect's form; null where they are another's. OpenAI Chat nests the members of a citation, else they are alike. */
export function ownAnnotations({ origin, list }: Annotations): readonly JsonValue[] | null {
  if (origin === RESPONSES) return list;
  if (origin !== 'openai-chat') return null;
  return list.map((entry) => {
    const citation = isJsonObject(entry) ? entry['url_citation'] : null;
    return isJsonObject(citation) ? { type: 'url_citation', ...citation } : entry;
  });
}
