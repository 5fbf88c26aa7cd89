/** `input_audio.format` is a bare name where everybody else writes a media type. */
const TYPES: ReadonlyMap<string, string> = new Map([
  ['wav', 'audio/wav'],
  ['mp3', 'audio/mpeg'],
]);
const FORMATS: ReadonlyMap<string, string> = new Map([
  ['audio/wav', 'wav'],
  ['audio/wave', 'wav'],
  ['audio/x-wav', 'wav'],
  ['audio/mpeg', 'mp3'],
  ['audio/mp3', 'mp3'],
]);

export function audioMediaType(format: string): string {
  return TYPES.get(format) ?? `audio/${format}`;
}

/** OpenAI takes `wav` and `mp3`; hosts take more, so the rest of another type is its name. */
export function audioFormat(mediaType: string): string {
  return FORMATS.get(mediaType) ?? mediaType.slice(mediaType.indexOf('/') + 1);
}
