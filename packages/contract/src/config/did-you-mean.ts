/** Longest name that is compared; anything longer was not a slip of the finger. */
const LONGEST = 64;

/**
 * The known name closest to a misspelt one, or null when none is near: about a third of its letters wrong at most, a swap of neighbours
 * counting once (optimal string alignment).
 */
export function didYouMean(wrong: string, known: readonly string[]): string | null {
  if (wrong.length === 0 || wrong.length > LONGEST) return null;
  const asked = plain(wrong);
  let best: string | null = null;
  let least = Math.floor((wrong.length + 1) / 3) + 1;
  for (const name of known) {
    if (name.length > LONGEST) continue;
    const far = distance(asked, plain(name));
    if (far < least) [best, least] = [name, far];
  }
  return best;
}

/** Case and separators are never what was meant to differ. */
const plain = (name: string): string => name.toLowerCase().replaceAll(/[-_. ]/g, '');

function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > LONGEST / 2) return LONGEST;
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min(
        (last[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + 1,
        (last[j - 1] ?? 0) + (same ? 0 : 1),
      );
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, (before[j - 2] ?? 0) + 1);
      row.push(cost);
    }
    [before, last] = [last, row];
  }
  return last[b.length] ?? LONGEST;
}
