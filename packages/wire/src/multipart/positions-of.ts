/** From this distance on the native search for the first byte is worth the call. */
const NEAR = 32;

/**
 * Where `needle` stands in `bytes`, at most `most` times, none inside of another. Knuth, Morris and Pratt's search: every byte is looked at
 * once, whatever is sent.
 */
export function positionsOf(
  bytes: Uint8Array,
  needle: Uint8Array,
  most: number,
): readonly number[] {
  const found: number[] = [];
  const back = fallbacksOf(needle);
  const first = needle[0] ?? 0;
  let matched = 0;
  let plain = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    while (matched > 0 && byte !== needle[matched]) matched = back[matched - 1] ?? 0;
    if (byte === needle[matched]) matched++;
    if (matched > 0) {
      plain = 0;
    } else if (++plain === NEAR) {
      plain = 0;
      const next = bytes.indexOf(first, at + 1);
      if (next < 0) return found;
      at = next - 1;
    }
    if (matched < needle.length) continue;
    found.push(at + 1 - needle.length);
    if (found.length === most) return found;
    matched = 0;
  }
  return found;
}

/** For each length that matched, how much of it is also a beginning. */
function fallbacksOf(needle: Uint8Array): Uint8Array {
  const back = new Uint8Array(needle.length);
  let matched = 0;
  for (let at = 1; at < needle.length; at++) {
    while (matched > 0 && needle[at] !== needle[matched]) matched = back[matched - 1] ?? 0;
    if (needle[at] === needle[matched]) matched++;
    back[at] = matched;
  }
  return back;
}
