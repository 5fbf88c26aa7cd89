/**
 * The media type of a picture by the name that is registered: many callers write `image/jpg`, which OpenAI takes. Anthropic and Google
 * refuse it (`Input should be 'image/jpeg', …`, https://github.com/mealie-recipes/mealie/pull/5897; `Unsupported MIME type: image/jpg`,
 * https://github.com/CherryHQ/cherry-studio/pull/3088).
 */
export function imageTypeOf(mediaType: string): string {
  const type = mediaType.toLowerCase();
  return type === 'image/jpg' ? 'image/jpeg' : type;
}
