/** What a configuration file holds instead of a consumer key: `kwh_` + SHA-256 of the whole key, 64 lower-case hex digits. */
const PREFIX = 'kwh_';
const HEX_LENGTH = 64;

/** The `key_hash` line of a SHA-256 in hex. Throws a RangeError for anything else. */
export function formatKeyHash(sha256Hex: string): string {
  const hex = sha256Hex.toLowerCase();
  if (!isSha256Hex(hex)) throw new RangeError('A key hash is made of 64 hex digits.');
  return PREFIX + hex;
}

/** The lower-case hex digits of a `key_hash` line, as `ConsumerRecord.keyHashes` wants them; null when it is no such line. */
export function parseKeyHash(line: string): string | null {
  const text = line.trim();
  if (!text.startsWith(PREFIX)) return null;
  const hex = text.slice(PREFIX.length).toLowerCase();
  return isSha256Hex(hex) ? hex : null;
}

/** The `key_hash` line of a key, with the hash function passed in (text as UTF-8 → hex). */
export function keyHashOf(key: string, sha256Hex: (text: string) => string): string {
  return formatKeyHash(sha256Hex(key));
}

function isSha256Hex(text: string): boolean {
  if (text.length !== HEX_LENGTH) return false;
  for (let i = 0; i < HEX_LENGTH; i += 1) {
    const code = text.charCodeAt(i);
    const digit = code >= 0x30 && code <= 0x39;
    if (!digit && !(code >= 0x61 && code <= 0x66)) return false;
  }
  return true;
}
