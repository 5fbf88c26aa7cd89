/** Media types that a link needs on its way to Google, by the ending of its path. */
const BY_ENDING: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  webp: 'image/webp',
  gif: 'image/gif',
  heic: 'image/heic',
  heif: 'image/heif',
  pdf: 'application/pdf',
  txt: 'text/plain',
  md: 'text/markdown',
  html: 'text/html',
  css: 'text/css',
  csv: 'text/csv',
  xml: 'text/xml',
  json: 'application/json',
  wav: 'audio/wav',
  mp3: 'audio/mp3',
  flac: 'audio/flac',
  ogg: 'audio/ogg',
  aac: 'audio/aac',
  mp4: 'video/mp4',
  mov: 'video/quicktime',
  webm: 'video/webm',
  mpeg: 'video/mpeg',
};
const BY_KIND = {
  image: 'image/jpeg',
  file: 'application/pdf',
  audio: 'audio/mp3',
  video: 'video/mp4',
} as const;

/** Said, else guessed by the ending, else the most common of its kind: Google demands one of every link (`FileData.mimeType`). */
export function mediaTypeOf(
  kind: keyof typeof BY_KIND,
  url: string,
  mediaType: string | null,
): string {
  if (mediaType !== null) return mediaType;
  const ending = /\.([a-z0-9]{2,5})(?:[?#]|$)/i.exec(url)?.[1]?.toLowerCase() ?? '';
  return (Object.hasOwn(BY_ENDING, ending) ? BY_ENDING[ending] : undefined) ?? BY_KIND[kind];
}
