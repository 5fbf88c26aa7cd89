/** What a header may take up of the room that clients give to all of them, and still be read in a log. */
const MAX_CHARS = 1024;

/** What the caller's dialect had no place for in an answer, told apart from what the provider was not told. */
export const lostInAnswer = (names: readonly string[]): readonly string[] =>
  names.map((name) => `response.${name}`);

/** Names of what was dropped, in one line; those past its length are only counted. How many there are is the caller's or the provider's to choose. */
export function droppedText(names: readonly string[]): string {
  let length = 0;
  for (const [index, name] of names.entries()) {
    length += name.length + 2;
    if (length > MAX_CHARS)
      return [...names.slice(0, index), `+${names.length - index}`].join(', ');
  }
  return names.join(', ');
}
