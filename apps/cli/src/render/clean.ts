/**
 * Makes text that came from elsewhere safe to print: control characters (which can move the cursor or recolour the screen) and
 * direction marks become "·".
 */
export function clean(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '·');
}
