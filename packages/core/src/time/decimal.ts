/** Plain decimal numbers only: `Number` alone would also take an empty text, hexadecimal and `Infinity`. */
const DECIMAL = /^[+-]?(?:\d{1,400}(?:\.\d{0,400})?|\.\d{1,400})(?:[eE][+-]?\d{1,6})?$/;

/** A decimal number with white space around it; infinite where it is too large for a double, null where it is no number. */
export function parseDecimal(text: string | undefined): number | null {
  if (text === undefined) return null;
  const whole = wholeNumber(text);
  if (whole >= 0) return whole;
  const trimmed = text.trim();
  return DECIMAL.test(trimmed) ? Number(trimmed) : null;
}

/** More digits than these may not be exact. */
const MAX_EXACT_DIGITS = 15;

/** What nearly all of these texts are, read without an expression; -1 for anything else. */
function wholeNumber(text: string): number {
  if (text.length === 0 || text.length > MAX_EXACT_DIGITS) return -1;
  let value = 0;
  for (let at = 0; at < text.length; at += 1) {
    const digit = text.charCodeAt(at) - 0x30;
    if (!(digit >= 0 && digit <= 9)) return -1;
    value = value * 10 + digit;
  }
  return value;
}

/** An amount as rate-limit headers tell it; null for absent, negative (`-1` means unknown), infinite or not a number. */
export function parseCount(text: string | undefined): number | null {
  const value = parseDecimal(text);
  return value !== null && value >= 0 && value < Infinity ? value : null;
}

/** `87.2%` as the fraction 0.872; null where there is no percent sign or no finite number before it. */
export function parsePercentage(text: string | undefined): number | null {
  const trimmed = text?.trim() ?? '';
  if (!trimmed.endsWith('%')) return null;
  const value = parseDecimal(trimmed.slice(0, -1));
  return value !== null && Number.isFinite(value) ? value / 100 : null;
}
