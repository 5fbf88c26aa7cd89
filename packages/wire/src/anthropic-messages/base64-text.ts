const encoder = new TextEncoder();
const decoder = new TextDecoder();
/** As many arguments as a call takes safely. */
const PIECE = 8192;

/** Text as base64 of its UTF-8. */
export function textToBase64(text: string): string {
  const bytes = encoder.encode(text);
  const pieces: string[] = [];
  for (let from = 0; from < bytes.length; from += PIECE) {
    pieces.push(String.fromCharCode(...bytes.subarray(from, from + PIECE)));
  }
  return btoa(pieces.join(''));
}

/** The reverse; null where it is no base64. Bytes that are no UTF-8 show as U+FFFD. */
export function base64ToText(data: string): string | null {
  let binary: string;
  try {
    binary = atob(data);
  } catch {
    return null;
  }
  const bytes = new Uint8Array(binary.length);
  for (let index = 0; index < binary.length; index++) bytes[index] = binary.charCodeAt(index);
  return decoder.decode(bytes);
}
