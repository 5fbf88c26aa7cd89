/** Names that are longer are not worth remembering. */
const LONGEST = 128;

/**
 * A function of a name that remembers what it found: the models of a pool come again with every call. It remembers at most `most` names
 * and then begins anew, so that callers who make names up cost nothing but time.
 */
export function remembered<T extends object>(
  find: (name: string) => T,
  most = 256,
): (name: string) => T {
  const found = new Map<string, T>();
  return (name) => {
    const known = found.get(name);
    if (known !== undefined) return known;
    const now = find(name);
    if (found.size >= most) found.clear();
    if (name.length <= LONGEST) found.set(name, now);
    return now;
  };
}
