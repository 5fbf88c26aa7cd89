import type { MediaSource } from './content.ts';

const SCHEME = 'data:';
const BASE64 = ';base64';

/**
 * What a URL in a request stands for: the bytes it carries itself, where it is a `data:` URL in base64 (RFC 2397), else a link. Parameters
 * of the media type (`;charset=…`, jsPDF's `;filename=…`) are left out: no dialect takes them where a type stands.
 */
export function mediaOfUrl(url: string): MediaSource {
  const comma = url.startsWith(SCHEME) ? url.indexOf(',') : -1;
  const header = comma === -1 ? '' : url.slice(SCHEME.length, comma);
  if (!header.endsWith(BASE64)) return { kind: 'url', url, mediaType: null };
  const type = header.slice(0, header.indexOf(';'));
  return {
    kind: 'base64',
    mediaType: type === '' ? 'text/plain' : type,
    data: url.slice(comma + 1),
  };
}

/** The reverse; null for an upload that has only an id. */
export function urlOfMedia(source: MediaSource): string | null {
  if (source.kind === 'id') return null;
  return source.kind === 'url' ? source.url : `data:${source.mediaType};base64,${source.data}`;
}
