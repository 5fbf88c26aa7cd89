/** A seeded stream of numbers (sfc32, public domain, by Chris Doty-Humphrey): the same seed gives the same ids and the same dice. */
export interface Random {
  /** An unsigned 32-bit integer. */
  uint32(): number;
  /** A number in [0, 1). */
  fraction(): number;
  /** Lower-case hex digits; `digits` is a multiple of 8. */
  hex(digits: number): string;
}

const HEX = Array.from({ length: 65536 }, (_, value) => value.toString(16).padStart(4, '0'));

export function seededRandom(seed: number): Random {
  let a = 0x9e3779b9 | 0;
  let b = 0x243f6a88 | 0;
  let c = seed | 0;
  let counter = 1;
  const uint32 = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return sum >>> 0;
  };
  for (let round = 0; round < 12; round++) uint32();
  const hex = (digits: number): string => {
    let text = '';
    for (let at = 0; at < digits; at += 8) {
      const word = uint32();
      text += (HEX[word >>> 16] ?? '') + (HEX[word & 0xffff] ?? '');
    }
    return text;
  };
  return { uint32, fraction: () => uint32() / 4294967296, hex };
}

/** FNV-1a over UTF-16 code units: a small seed made of a text. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  return hash >>> 0;
}
