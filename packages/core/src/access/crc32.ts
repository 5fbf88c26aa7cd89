/** CRC-32 of IEEE 802.3 (reflected polynomial 0xEDB88320), as zlib and PNG use it. */
const TABLE = new Uint32Array(256);
for (let byte = 0; byte < 256; byte += 1) {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit += 1) {
    remainder = remainder & 1 ? (remainder >>> 1) ^ 0xedb88320 : remainder >>> 1;
  }
  TABLE[byte] = remainder;
}

/** CRC-32 of the first `length` characters of an ASCII text, as an unsigned number. Reads the low byte of each character. */
export function crc32(text: string, length: number = text.length): number {
  let crc = 0xffffffff;
  for (let i = 0; i < length; i += 1) {
    crc = (TABLE[(crc ^ text.charCodeAt(i)) & 0xff] ?? 0) ^ (crc >>> 8);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

/** CRC-32 of the bytes from `start` up to `end`, as an unsigned number; `from` goes on from the CRC of what stands before them. */
export function crc32OfBytes(bytes: Uint8Array, start: number, end: number, from = 0): number {
  let crc = ~from;
  for (let i = start; i < end; i += 1) {
    crc = (TABLE[(crc ^ (bytes[i] ?? 0)) & 0xff] ?? 0) ^ (crc >>> 8);
  }
  return ~crc >>> 0;
}
