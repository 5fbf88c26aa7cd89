// An instant inside of a streamed word: processes of one machine share the clock behind `hrtime`.

const DIGITS = 20;

/** Now, as a word that survives every dialect. */
export const timeMark = (): string =>
  `at:${process.hrtime.bigint().toString().padStart(DIGITS, '0')};`;

/** Milliseconds since the mark in a text was made; null where it holds none. */
export function sinceMark(text: string): number | null {
  const found = /at:(\d{20});/.exec(text);
  if (found === null) return null;
  return Number(process.hrtime.bigint() - BigInt(found[1] ?? '0')) / 1e6;
}
