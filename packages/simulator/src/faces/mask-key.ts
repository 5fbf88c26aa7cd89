/** The first 8 and last 4 characters; shorter keys show less. */
export function maskKey(value: string): string {
  if (value.length < 16) return `${value.slice(0, 2)}${'*'.repeat(8)}`;
  return `${value.slice(0, 8)}${'*'.repeat(Math.min(64, value.length - 12))}${value.slice(-4)}`;
}
