/** Vectors as OpenAI packs them with `encoding_format: base64`: 32-bit floats, the lowest byte first. */

export function base64Floats(vector: readonly number[]): string {
  const bytes = new DataView(new ArrayBuffer(vector.length * 4));
  for (const [index, value] of vector.entries()) bytes.setFloat32(index * 4, value, true);
  let binary = '';
  for (let offset = 0; offset < bytes.byteLength; offset++) {
    binary += String.fromCharCode(bytes.getUint8(offset));
  }
  return btoa(binary);
}

/** Null for what is no such text. */
export function floatsIn(base64: string): readonly number[] | null {
  try {
    const binary = atob(base64);
    if (binary.length % 4 !== 0) return null;
    const bytes = new DataView(Uint8Array.from(binary, (byte) => byte.charCodeAt(0)).buffer);
    const floats: number[] = [];
    for (let offset = 0; offset < binary.length; offset += 4) {
      floats.push(bytes.getFloat32(offset, true));
    }
    return floats;
  } catch {
    return null;
  }
}
