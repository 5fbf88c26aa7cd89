const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const RADIX = 62n;

/** Value of every ASCII character as a base 62 digit, -1 where it is none. */
const VALUES = new Int8Array(128).fill(-1);
for (let value = 0; value < DIGITS.length; value += 1) VALUES[DIGITS.charCodeAt(value)] = value;

/** The value of one base 62 digit (`0-9A-Za-z` count 0 to 61) by its character code, or -1. */
export function base62Value(charCode: number): number {
  return VALUES[charCode] ?? -1;
}

/**
 * Bytes as one big-endian number in base 62, zero padded to `length` digits. No reduction takes place, so uniform bytes give
 * uniform, distinct texts. Throws a RangeError where the number could need more digits than `length`.
 */
export function encodeBase62(bytes: Uint8Array, length: number): string {
  if (RADIX ** BigInt(length) < 1n << BigInt(bytes.length * 8)) {
    throw new RangeError(`${bytes.length} bytes do not fit ${length} base 62 digits.`);
  }
  let number = 0n;
  for (const byte of bytes) number = (number << 8n) | BigInt(byte);
  let text = '';
  for (; number > 0n; number /= RADIX) text = DIGITS.charAt(Number(number % RADIX)) + text;
  return text.padStart(length, '0');
}

/** The number back to exactly `byteLength` bytes; null for another alphabet or a number that is too large. */
export function decodeBase62(text: string, byteLength: number): Uint8Array | null {
  let number = 0n;
  for (let i = 0; i < text.length; i += 1) {
    const value = base62Value(text.charCodeAt(i));
    if (value < 0) return null;
    number = number * RADIX + BigInt(value);
  }
  if (number >= 1n << BigInt(byteLength * 8)) return null;
  const bytes = new Uint8Array(byteLength);
  for (let i = byteLength - 1; i >= 0; i -= 1, number >>= 8n) bytes[i] = Number(number & 0xffn);
  return bytes;
}
