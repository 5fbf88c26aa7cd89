/** The first header of that lower-case name, null where there is none. */
export function headerIn(rawHeaders: readonly string[], wanted: string): string | null {
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    if (name.length === wanted.length && name.toLowerCase() === wanted) {
      return rawHeaders[at + 1] ?? '';
    }
  }
  return null;
}
