/** The places in which the dialects carry a key. */
export type CredentialPlace =
  | 'authorization'
  | 'x-api-key'
  | 'api-key'
  | 'x-goog-api-key'
  | 'sec-websocket-protocol'
  | 'query';

/**
 * What a request presents. The value of `one` is the empty string when it is over-long or holds characters that no key has: it is
 * a credential, and it is wrong.
 */
export type Credentials =
  | { readonly kind: 'none' }
  | { readonly kind: 'one'; readonly value: string; readonly place: CredentialPlace }
  | { readonly kind: 'conflict' };

const MAX_LENGTH = 512;
const NONE: Credentials = Object.freeze({ kind: 'none' });
const CONFLICT: Credentials = Object.freeze({ kind: 'conflict' });

/**
 * The one credential of a request: Bearer in `authorization`, `x-api-key`, `api-key`, `x-goog-api-key`, a WebSocket's subprotocol
 * `openai-insecure-api-key.<key>`, or `key` in the query. The
 * same value twice is one credential; two values, or one of these headers twice with different contents, are a conflict.
 *
 * @param rawHeaders names and values in turn, as Node's `IncomingMessage.rawHeaders`
 * @param query the query string, with or without its question mark, still percent-encoded
 */
export function readCredentials(rawHeaders: readonly string[], query: string): Credentials {
  const header = headerKey(rawHeaders);
  if (header.kind === 'conflict' || query === '') return header;
  const value = queryKey(query);
  if (value === undefined) return CONFLICT;
  if (value === null) return header;
  const inQuery = credential(value, 'query');
  if (header.kind === 'none') return inQuery;
  return header.value === inQuery.value ? header : CONFLICT;
}

/** The credential in the headers; an empty value is none. */
function headerKey(rawHeaders: readonly string[]): Credentials {
  let value = '';
  let place: CredentialPlace = 'authorization';
  let authorization: string | null = null;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const found = placeOf(rawHeaders[i] ?? '');
    if (found === null) continue;
    const raw = (rawHeaders[i + 1] ?? '').trim();
    if (found === 'authorization') {
      // a second authorization of any scheme would make what we read differ from what a proxy before us read
      if (authorization !== null && authorization !== raw) return CONFLICT;
      authorization = raw;
    }
    const candidate = keyIn(found, raw);
    if (candidate === '' || candidate === value) continue;
    if (value !== '') return CONFLICT;
    value = candidate;
    place = found;
  }
  return value === '' ? NONE : credential(value, place);
}

function credential(value: string, place: CredentialPlace): Credentials & { kind: 'one' } {
  return { kind: 'one', value: isPlausible(value) ? value : '', place };
}

/** Which credential header this is. Lengths first: most headers are told apart without touching a character. */
function placeOf(name: string): CredentialPlace | null {
  switch (name.length) {
    case 7:
      return isHeader(name, 'api-key') ? 'api-key' : null;
    case 9:
      return isHeader(name, 'x-api-key') ? 'x-api-key' : null;
    case 13:
      return isHeader(name, 'authorization') ? 'authorization' : null;
    case 22:
      return isHeader(name, 'sec-websocket-protocol') ? 'sec-websocket-protocol' : null;
    case 14:
      return isHeader(name, 'x-goog-api-key') ? 'x-goog-api-key' : null;
    default:
      return null;
  }
}

function isHeader(name: string, wanted: string): boolean {
  if ((name.charCodeAt(0) | 0x20) !== wanted.charCodeAt(0)) return false;
  return name === wanted || name.toLowerCase() === wanted;
}

/** The key in a header's value; empty where there is none. */
function keyIn(place: CredentialPlace, raw: string): string {
  if (place === 'authorization') return bearerOf(raw);
  return place === 'sec-websocket-protocol' ? protocolKey(raw) : raw;
}

const PROTOCOL = 'openai-insecure-api-key.';

/** Browsers can set no header of a WebSocket: they send the key as one of the subprotocols they offer. */
function protocolKey(raw: string): string {
  const found = raw.split(',').find((protocol) => protocol.trim().startsWith(PROTOCOL));
  return found === undefined ? '' : found.trim().slice(PROTOCOL.length);
}

const BEARER = 'bearer';

/** What follows `Bearer` and white space; empty for another scheme, which is none of our credentials. */
function bearerOf(raw: string): string {
  const gap = raw.charCodeAt(BEARER.length);
  if (gap !== 0x20 && gap !== 0x09) return '';
  for (let i = 0; i < BEARER.length; i += 1) {
    if ((raw.charCodeAt(i) | 0x20) !== BEARER.charCodeAt(i)) return '';
  }
  return raw.slice(BEARER.length + 1).trim();
}

/** The value of `key`: null when there is none, undefined when there are two different ones. */
function queryKey(query: string): string | null | undefined {
  let found: string | null = null;
  let start = query.charCodeAt(0) === 0x3f ? 1 : 0;
  while (start < query.length) {
    let end = query.indexOf('&', start);
    if (end < 0) end = query.length;
    if (end - start > 4 && query.startsWith('key=', start)) {
      const value = decoded(query.slice(start + 4, end));
      if (found !== null && found !== value) return undefined;
      found = value;
    }
    start = end + 1;
  }
  return found;
}

function decoded(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function isPlausible(value: string): boolean {
  if (value.length > MAX_LENGTH) return false;
  for (let i = 0; i < value.length; i += 1) {
    const code = value.charCodeAt(i);
    if (code <= 0x20 || code >= 0x7f) return false;
  }
  return true;
}
