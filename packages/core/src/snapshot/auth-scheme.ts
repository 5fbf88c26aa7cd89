/**
 * How a key that does not change is shown to a host: `Authorization: Bearer KEY`, a header of its own (after a word, where `scheme` says
 * so: `Authorization: Api-Key KEY`), or a parameter of the URL's query.
 */
export type AuthScheme =
  | { readonly kind: 'bearer' }
  | { readonly kind: 'header'; readonly name: string; readonly scheme?: string }
  | { readonly kind: 'query'; readonly name: string };

/**
 * Headers that nobody may declare: those that frame a message or belong to one connection, those that Keywell writes itself, and those
 * that would carry somebody's identity past the keys.
 */
const RESERVED = new Set([
  'accept',
  'accept-encoding',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'cookie',
  'date',
  'expect',
  'forwarded',
  'host',
  'http2-settings',
  'keep-alive',
  'origin',
  'set-cookie',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'via',
]);

/** Those that authenticate; a key goes there by `auth`, never by a header of everybody's. */
const CREDENTIALS = new Set(['api-key', 'authorization', 'x-api-key', 'x-goog-api-key']);

/** A name as HTTP knows it, in lower case. */
const TOKEN = /^[a-z0-9!#$%&'*+.^_`|~-]{1,64}$/;

/** Whether a key may be sent in a header of this name (lower case). */
export function mayCarryKey(name: string): boolean {
  return TOKEN.test(name) && !isReserved(name);
}

/** Whether a header of this name (lower case) may be sent with every call beside the key. */
export function mayBeDeclared(name: string): boolean {
  return TOKEN.test(name) && !isReserved(name) && !CREDENTIALS.has(name);
}

const isReserved = (name: string): boolean =>
  RESERVED.has(name) || /^(?:proxy-|sec-|keywell-|x-forwarded-)/.test(name);
