import type { FilePart, ImagePart } from '../canonical/content.ts';
import type { Drops } from '../canonical/drops.ts';
import { imageTypeOf } from '../canonical/image-type.ts';
import { extrasFor } from '../canonical/part-extras.ts';
import type { JsonObject } from '../json/value.ts';
import { base64ToText } from './base64-text.ts';
import { cacheMember } from './cache-control.ts';
import { MESSAGES } from './dialect-name.ts';

/** An `image` block; null, and named, where only another dialect can read the source. */
export function imageBlock(part: ImagePart, drops: Drops): JsonObject | null {
  const { source } = part;
  const written =
    source.kind === 'base64'
      ? { type: 'base64', media_type: imageTypeOf(source.mediaType), data: source.data }
      : source.kind === 'url'
        ? { type: 'url', url: source.url }
        : source.origin === MESSAGES
          ? { type: 'file', file_id: source.id }
          : null;
  if (written === null) {
    drops.add('image');
    return null;
  }
  if (part.detail !== null && part.detail !== 'auto') drops.add('image_detail');
  const extras = extrasFor(part.extras, MESSAGES, drops);
  return { type: 'image', source: written, ...cacheMember(part.cache), ...extras };
}

/** A `document` block: PDF and text are all that it takes; null, and named, for the rest. */
export function documentBlock(part: FilePart, drops: Drops): JsonObject | null {
  const source = documentSource(part);
  if (source === null) {
    drops.add('file');
    return null;
  }
  return {
    type: 'document',
    source,
    ...(part.name === null ? {} : { title: part.name }),
    ...cacheMember(part.cache),
    ...extrasFor(part.extras, MESSAGES, drops),
  };
}

function documentSource({ source }: FilePart): JsonObject | null {
  if (source.kind === 'url') return { type: 'url', url: source.url };
  if (source.kind === 'id') {
    return source.origin === MESSAGES ? { type: 'file', file_id: source.id } : null;
  }
  const { mediaType, data } = source;
  if (mediaType === 'application/pdf') return { type: 'base64', media_type: mediaType, data };
  if (!isText(mediaType)) return null;
  const text = base64ToText(data);
  return text === null ? null : { type: 'text', media_type: 'text/plain', data: text };
}

function isText(mediaType: string): boolean {
  const [type = ''] = mediaType.split(';', 1);
  return type.startsWith('text/') || type === 'application/json' || type === 'application/xml';
}
