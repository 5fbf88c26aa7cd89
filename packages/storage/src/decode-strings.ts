/** Reads a JSON column that holds a list of texts; anything else in it is damage and throws. */
export function decodeStrings(json: string): readonly string[] {
  const value: unknown = JSON.parse(json);
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
  throw new TypeError('a stored list of texts is damaged');
}
