import type { MediaSource } from '../canonical/content.ts';

const DATA = 'data:';
const BASE64 = ';base64';
const AUDIO_TYPES: Readonly<Record<string, string>> = { mp3: 'audio/mpeg', wav: 'audio/wav' };
const AUDIO_FORMATS: Readonly<Record<string, string>> = {
  'audio/mpeg': 'mp3',
  'audio/mp3': 'mp3',
  'audio/wav': 'wav',
  'audio/x-wav': 'wav',
  'audio/wave': 'wav',
};

/** Bytes that stand in a `data:` URL, or a link. Parameters of the media type (`;charset=…`) are left out. */
export function sourceOfUrl(url: string): MediaSource {
  return inlineBytes(url) ?? { kind: 'url', url, mediaType: null };
}

/** The bytes in a base64 `data:` URL; null where it is none. */
export function inlineBytes(url: string): MediaSource | null {
  if (!url.startsWith(DATA)) return null;
  const comma = url.indexOf(',');
  const head = comma === -1 ? '' : url.slice(DATA.length, comma);
  if (!head.endsWith(BASE64)) return null;
  const mediaType = head.slice(0, head.indexOf(';'));
  return { kind: 'base64', mediaType, data: url.slice(comma + 1) };
}

export function dataUrl(mediaType: string, data: string): string {
  return `${DATA}${mediaType}${BASE64},${data}`;
}

export function audioType(format: string): string {
  return Object.hasOwn(AUDIO_TYPES, format) ? (AUDIO_TYPES[format] ?? '') : `audio/${format}`;
}

/** `mp3` or `wav`, which are all there are; null for another type. */
export function audioFormat(mediaType: string): string | null {
  return Object.hasOwn(AUDIO_FORMATS, mediaType) ? (AUDIO_FORMATS[mediaType] ?? null) : null;
}
