/** What the dialect's own image tool made, which other dialects know as a picture. Source: `ResponseOutputItem.ImageGenerationCall` of the official SDK. */
import type { ImagePart } from '../canonical/content.ts';
import { lenientString, othersIn } from '../canonical/read-member.ts';
import type { JsonObject } from '../json/value.ts';
import { RESPONSES } from './dialect.ts';

const KNOWN = new Set(['id', 'type', 'status', 'result', 'output_format']);
const DONE = 'completed';

/** Null for one without its picture: it is then an item like any other that only this dialect knows. */
export function imageOfItem(item: JsonObject): ImagePart | null {
  const { type, status, result } = item;
  if (type !== 'image_generation_call' || typeof result !== 'string' || result === '') return null;
  if ((status ?? DONE) !== DONE) return null;
  const mediaType = `image/${lenientString(item['output_format']) ?? 'png'}`;
  const members = othersIn(item, KNOWN);
  return {
    kind: 'image',
    source: { kind: 'base64', mediaType, data: result },
    detail: null,
    cache: null,
    ...(Object.keys(members).length === 0 ? {} : { extras: { origin: RESPONSES, members } }),
  };
}

/** An image that a model made, as that tool would tell it; null without its bytes. */
export function imageItem({ source, extras }: ImagePart, id: string): JsonObject | null {
  if (source.kind !== 'base64') return null;
  const format = source.mediaType.slice(source.mediaType.indexOf('/') + 1);
  return {
    id,
    type: 'image_generation_call',
    status: DONE,
    output_format: format,
    result: source.data,
    ...(extras?.origin === RESPONSES ? extras.members : {}),
  };
}
