/**
 * Converse names formats by words, everybody else by media types. Source: the enumerations ImageFormat, DocumentFormat, VideoFormat and
 * AudioFormat of @aws-sdk/client-bedrock-runtime 3.1127.
 */
export type MediaKind = 'image' | 'document' | 'video' | 'audio';

const MEDIA_TYPES: Readonly<Record<MediaKind, Readonly<Record<string, string>>>> = {
  image: { png: 'image/png', jpeg: 'image/jpeg', gif: 'image/gif', webp: 'image/webp' },
  document: {
    pdf: 'application/pdf',
    csv: 'text/csv',
    doc: 'application/msword',
    docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
    xls: 'application/vnd.ms-excel',
    xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
    html: 'text/html',
    txt: 'text/plain',
    md: 'text/markdown',
  },
  video: {
    mkv: 'video/x-matroska',
    mov: 'video/quicktime',
    mp4: 'video/mp4',
    webm: 'video/webm',
    flv: 'video/x-flv',
    mpeg: 'video/mpeg',
    mpg: 'video/mpg',
    wmv: 'video/x-ms-wmv',
    three_gp: 'video/3gpp',
  },
  audio: {
    mp3: 'audio/mpeg',
    wav: 'audio/wav',
    flac: 'audio/flac',
    ogg: 'audio/ogg',
    opus: 'audio/opus',
    aac: 'audio/aac',
    'x-aac': 'audio/x-aac',
    m4a: 'audio/mp4',
    mka: 'audio/x-matroska',
    mkv: 'audio/mkv',
    mp4: 'audio/x-mp4',
    mpeg: 'audio/x-mpeg',
    mpga: 'audio/mpga',
    pcm: 'audio/pcm',
    webm: 'audio/webm',
  },
};

/** Other names of the same formats. */
const ALIASES: Readonly<Record<string, string>> = {
  'image/jpg': 'jpeg',
  'audio/mp3': 'mp3',
  'audio/x-wav': 'wav',
  'audio/wave': 'wav',
  'audio/x-flac': 'flac',
  'audio/x-m4a': 'm4a',
  'audio/l16': 'pcm',
};

const FORMATS = new Map(
  (['image', 'document', 'video', 'audio'] as const).map((kind) => {
    const byType = Object.entries(MEDIA_TYPES[kind]).map(
      ([format, mediaType]) => [mediaType, format] as const,
    );
    return [kind, new Map(byType)] as const;
  }),
);

/** The media type of a format; null where it is not known. */
export function mediaTypeOf(kind: MediaKind, format: string): string | null {
  const known = MEDIA_TYPES[kind];
  return Object.hasOwn(known, format) ? (known[format] ?? null) : null;
}

/** The format of a media type, its parameters aside; null where Converse has none. Text of any other kind is a plain text document. */
export function formatOf(kind: MediaKind, mediaType: string): string | null {
  const bare = (mediaType.split(';')[0] ?? '').trim().toLowerCase();
  const exact = FORMATS.get(kind)?.get(bare);
  if (exact !== undefined) return exact;
  const alias = Object.hasOwn(ALIASES, bare) ? ALIASES[bare] : undefined;
  if (alias !== undefined && mediaTypeOf(kind, alias) !== null) return alias;
  return kind === 'document' && bare.startsWith('text/') ? 'txt' : null;
}

/** The format that an object's name in a bucket ends with. */
export function formatInUri(kind: MediaKind, uri: string): string | null {
  const ending = /\.([a-z0-9]{2,8})$/i.exec(uri)?.[1]?.toLowerCase() ?? '';
  const format = ending === 'jpg' ? 'jpeg' : ending === '3gp' ? 'three_gp' : ending;
  return mediaTypeOf(kind, format) === null ? null : format;
}
