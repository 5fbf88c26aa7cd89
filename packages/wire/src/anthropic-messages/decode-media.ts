import type { FilePart, ImagePart, MediaSource, PartExtras } from '../canonical/content.ts';
import {
  optionalString,
  othersIn,
  pathOf,
  requiredObject,
  requiredString,
  wrongFault,
} from '../canonical/read-member.ts';
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../json/value.ts';
import { textToBase64 } from './base64-text.ts';
import { readCache } from './cache-control.ts';
import { MESSAGES } from './dialect-name.ts';

const IMAGE_MEMBERS = new Set(['type', 'source', 'cache_control']);
const DOCUMENT_MEMBERS = new Set(['type', 'source', 'cache_control', 'title']);
const PLAIN_TEXT = 'text/plain';

/** Members of a block beyond those that have a place; nothing to spread where there are none. */
export function extrasIn(
  block: JsonObject,
  known: ReadonlySet<string>,
): { readonly extras?: PartExtras } {
  return extrasOf(othersIn(block, known));
}

export function extrasOf(members: JsonObject): { readonly extras?: PartExtras } {
  return Object.keys(members).length === 0 ? {} : { extras: { origin: MESSAGES, members } };
}

/** An `image` block; null where its source is of a kind that is not known. */
export function readImage(block: JsonObject, at: string): ImagePart | null {
  const source = readSource(requiredObject(block, 'source', at), pathOf(at, 'source'));
  if (source === null) return null;
  const cache = readCache(block, at);
  return { kind: 'image', source, detail: null, cache, ...extrasIn(block, IMAGE_MEMBERS) };
}

/**
 * A `document` block; null where its source is of a kind that is not known. Plain text becomes a text file in base64. A document of
 * `content` becomes one of its texts, and keeps its source for whoever speaks this dialect.
 */
export function readDocument(block: JsonObject, at: string): FilePart | null {
  const source = requiredObject(block, 'source', at);
  const place = pathOf(at, 'source');
  const members = othersIn(block, DOCUMENT_MEMBERS);
  const file = {
    kind: 'file',
    name: optionalString(block, 'title', at),
    cache: readCache(block, at),
  } as const;
  const type = source['type'];
  if (type === 'text') {
    const text = requiredString(source, 'data', place);
    return { ...file, source: textFile(text), ...extrasOf(members) };
  }
  if (type === 'content') {
    const text = textIn(source['content'], pathOf(place, 'content'));
    return { ...file, source: textFile(text), ...extrasOf({ ...members, source }) };
  }
  const read = readSource(source, place);
  return read === null ? null : { ...file, source: read, ...extrasOf(members) };
}

function readSource(source: JsonObject, at: string): MediaSource | null {
  const type = requiredString(source, 'type', at);
  if (type === 'base64') {
    const mediaType = requiredString(source, 'media_type', at);
    return { kind: 'base64', mediaType, data: requiredString(source, 'data', at) };
  }
  if (type === 'url') {
    return { kind: 'url', url: requiredString(source, 'url', at), mediaType: null };
  }
  if (type === 'file') {
    return { kind: 'id', id: requiredString(source, 'file_id', at), origin: MESSAGES };
  }
  return null;
}

function textFile(text: string): MediaSource {
  return { kind: 'base64', mediaType: PLAIN_TEXT, data: textToBase64(text) };
}

/** All text of a string or of an array of blocks, a line between each. */
export function textIn(content: JsonValue | undefined, at: string): string {
  if (typeof content === 'string') return content;
  if (!isJsonArray(content)) throw wrongFault(at, 'a string or an array of blocks');
  const texts: string[] = [];
  for (const block of content) {
    if (isJsonObject(block) && typeof block['text'] === 'string') texts.push(block['text']);
  }
  return texts.join('\n');
}
