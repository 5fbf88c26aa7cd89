/** A path below a provider's base URL: as it is sent, and as it is judged. */
export type PassedPath =
  | {
      readonly ok: true;
      /** As it came, byte for byte: `/tunedModels/x%3Ay`. */
      readonly sent: string;
      /** What every server reads in it: `/tunedModels/x:y`. */
      readonly meant: string;
    }
  | { readonly ok: false; readonly wrong: string };

const MAX_LENGTH = 2048;
/** `pchar` of RFC 3986 without `;`, at which some servers end a segment. */
const PLAIN = /^(?:[A-Za-z0-9._~!$&'()*+,=:@-]|%[0-9A-Fa-f]{2})+$/;
/** What may be escaped: a character that may stand in a segment as well as not, and that no server takes for the end of anything. */
const ESCAPABLE = /^[!"$&'()*+,:<=>@[\]^`{|}]$/;

/**
 * Reads the path of a call that is passed through, from its first slash on. Refused is all that two servers may read in two ways: dot
 * segments, empty segments, and escapes of what needs none or of what ends a segment. So a path that is open here is the same path there.
 */
export function readPassedPath(path: string): PassedPath {
  if (path.length > MAX_LENGTH) return wrong(`is longer than ${MAX_LENGTH} bytes`);
  const [before, ...segments] = path.split('/');
  if (before !== '' || segments.length === 0) return wrong('does not start with "/"');
  const meant: string[] = [];
  for (const segment of segments) {
    if (segment === '') return wrong('has an empty segment ("//", or a "/" at its end)');
    if (segment === '.' || segment === '..') return wrong('has a dot segment');
    if (!PLAIN.test(segment)) return wrong('holds a character that does not belong there');
    const read = unescaped(segment);
    if (read === null) return wrong('has an escape ("%…") of a character that must not have one');
    meant.push(read);
  }
  return { ok: true, sent: path, meant: `/${meant.join('/')}` };
}

/** Null where an escape is none that may stand there. */
function unescaped(segment: string): string | null {
  if (!segment.includes('%')) return segment;
  let sound = true;
  const text = segment.replace(/%(..)/g, (_, digits: string) => {
    const character = String.fromCharCode(Number.parseInt(digits, 16));
    sound &&= ESCAPABLE.test(character);
    return character;
  });
  return sound ? text : null;
}

const wrong = (what: string): PassedPath => ({ ok: false, wrong: what });

/** Names of parameters in which callers put keys, in lower case. */
const KEY_NAMES: ReadonlySet<string> = new Set([
  'key',
  'api-key',
  'api_key',
  'apikey',
  'x-api-key',
  'x-goog-api-key',
  'access_token',
  'oauth_token',
  'bearer_token',
  'authorization',
]);

/**
 * The query of a call that is passed through: without the parameters in which a key may stand, and without those of `alsoNot` (lower
 * case), which the gateway sets itself. Null where a name has an escape that is none.
 */
export function passedQuery(query: string, alsoNot: ReadonlySet<string>): string | null {
  if (query === '') return '';
  const kept: string[] = [];
  for (const part of query.split('&')) {
    const name = nameOf(part);
    if (name === null) return null;
    if (name !== '' && !KEY_NAMES.has(name) && !alsoNot.has(name)) kept.push(part);
  }
  return kept.join('&');
}

/** As a server reads it: `+` is a space there, and `key[]` is `key`. */
function nameOf(part: string): string | null {
  const raw = part.split('=', 1)[0] ?? '';
  try {
    const name = decodeURIComponent(raw.replaceAll('+', ' '));
    return name.replace(/\[.*$/, '').trim().toLowerCase();
  } catch {
    return null;
  }
}
