import { base62Value, encodeBase62 } from './base62.ts';
import { crc32 } from './crc32.ts';

/**
 * A consumer key: `kw_` + id (10) + `_` + secret (43) + checksum (6), base 62. The prefix lets secret scanners find it, the id names
 * it without revealing it, and the checksum (CRC-32 of everything before it) tells a typing error from an unknown key without a
 * look at any store. It is no proof of anything: only the hash is.
 */
const PREFIX = 'kw_';
const ID_LENGTH = 10;
const SECRET_LENGTH = 43;
const CHECKSUM_LENGTH = 6;
const SECRET_START = PREFIX.length + ID_LENGTH + 1;
const CHECKSUM_START = SECRET_START + SECRET_LENGTH;
const UNDERSCORE = 0x5f;

/** Characters of a whole consumer key. */
export const CONSUMER_KEY_LENGTH: number = CHECKSUM_START + CHECKSUM_LENGTH;
/** Random bytes an id is made of: 7, because 2^56 is the largest power of 256 below 62^10. */
export const CONSUMER_KEY_ID_BYTES = 7;
/** Random bytes a secret is made of: 2^256 is just below 62^43. */
export const CONSUMER_KEY_SECRET_BYTES = 32;

/** The key made of random bytes from a cryptographic source. Throws a RangeError when they are not as many as the format takes. */
export function formatConsumerKey(idBytes: Uint8Array, secretBytes: Uint8Array): string {
  if (idBytes.length !== CONSUMER_KEY_ID_BYTES) {
    throw new RangeError(`A consumer key's id takes ${CONSUMER_KEY_ID_BYTES} bytes.`);
  }
  if (secretBytes.length !== CONSUMER_KEY_SECRET_BYTES) {
    throw new RangeError(`A consumer key's secret takes ${CONSUMER_KEY_SECRET_BYTES} bytes.`);
  }
  const id = encodeBase62(idBytes, ID_LENGTH);
  const body = `${PREFIX}${id}_${encodeBase62(secretBytes, SECRET_LENGTH)}`;
  return body + encodeBase62(bytesOf(crc32(body)), CHECKSUM_LENGTH);
}

/** Checks prefix, alphabet, length and checksum, without any store; null when the text is no consumer key. */
export function parseConsumerKey(text: string): { readonly id: string } | null {
  if (text.length !== CONSUMER_KEY_LENGTH || !text.startsWith(PREFIX)) return null;
  if (text.charCodeAt(SECRET_START - 1) !== UNDERSCORE) return null;
  for (let i = PREFIX.length; i < CHECKSUM_START; i += 1) {
    if (i !== SECRET_START - 1 && base62Value(text.charCodeAt(i)) < 0) return null;
  }
  let checksum = 0;
  for (let i = CHECKSUM_START; i < CONSUMER_KEY_LENGTH; i += 1) {
    const value = base62Value(text.charCodeAt(i));
    if (value < 0) return null;
    checksum = checksum * 62 + value;
  }
  if (checksum !== crc32(text, CHECKSUM_START)) return null;
  return { id: text.slice(PREFIX.length, PREFIX.length + ID_LENGTH) };
}

function bytesOf(crc: number): Uint8Array {
  return Uint8Array.of(crc >>> 24, (crc >>> 16) & 0xff, (crc >>> 8) & 0xff, crc & 0xff);
}
