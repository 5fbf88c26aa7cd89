/** Images, files and audio of a request: what kind they are, and what their first bytes say they are. */

export interface Media {
  readonly kind: 'image' | 'file' | 'audio';
  /** By the first bytes; `url` or `id` where only a reference came. */
  readonly type: string;
}

/** What each costs as input, whatever its size. */
export const MEDIA_TOKENS: Readonly<Record<Media['kind'], number>> = {
  image: 256,
  file: 512,
  audio: 128,
};

/** Magic numbers as latin1 text: at an offset, the type. */
const MAGIC: readonly (readonly [at: number, text: string, type: string])[] = [
  [0, '\x89PNG\r\n\x1a\n', 'image/png'],
  [0, '\xff\xd8\xff', 'image/jpeg'],
  [0, 'GIF8', 'image/gif'],
  [8, 'WEBP', 'image/webp'],
  [0, '%PDF-', 'application/pdf'],
  [8, 'WAVE', 'audio/wav'],
  [0, 'ID3', 'audio/mpeg'],
  [0, '\xff\xfb', 'audio/mpeg'],
  [0, '\xff\xf3', 'audio/mpeg'],
  [0, 'fLaC', 'audio/flac'],
  [0, 'OggS', 'audio/ogg'],
  [4, 'ftyp', 'video/mp4'],
];

/** What the first bytes say. */
export function mediaTypeOf(bytes: Uint8Array): string {
  const head = Buffer.from(bytes.subarray(0, 32)).toString('latin1');
  const known = MAGIC.find(([at, text]) => head.startsWith(text, at));
  if (known !== undefined) return known[2];
  const binary = head.split('').some((char) => char < '\t' || (char > '\r' && char < ' '));
  return binary ? 'application/octet-stream' : 'text/plain';
}

/** Media whose bytes came as base64. */
export function encodedMedia(kind: Media['kind'], data: string): Media {
  return { kind, type: mediaTypeOf(Buffer.from(data.slice(0, 64), 'base64')) };
}

/** Media named by a URL, which may carry the bytes itself. */
export function linkedMedia(kind: Media['kind'], url: string): Media {
  const comma = url.startsWith('data:') ? url.indexOf(';base64,') : -1;
  if (comma === -1) return { kind, type: 'url' };
  return encodedMedia(kind, url.slice(comma + ';base64,'.length, comma + 80));
}
