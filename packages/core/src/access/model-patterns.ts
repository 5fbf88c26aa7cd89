/** Longest model name that a pattern is tried on; no model is called anything near it, and the bound keeps matching cheap. */
const MAX_NAME_LENGTH = 512;

/** A compiled list of model globs. */
export type ModelMatcher = (name: string) => boolean;

/**
 * Compiles model globs once. `*` stands for any run of characters, nothing else is special, case counts. An empty list matches
 * nothing; where empty means everything the caller says so. Each pattern is tried from left to right without going back.
 */
export function compileModelPatterns(patterns: readonly string[]): ModelMatcher {
  if (patterns.includes('*')) return (name) => name.length <= MAX_NAME_LENGTH;
  const exact = new Set(patterns.filter((pattern) => !pattern.includes('*')));
  const globs = patterns.filter((pattern) => pattern.includes('*')).map(compileGlob);
  if (globs.length === 0) return (name) => exact.has(name);
  return (name) => {
    if (name.length > MAX_NAME_LENGTH) return false;
    return exact.has(name) || globs.some((glob) => matchesGlob(glob, name));
  };
}

/** Whether a name matches one of the globs. Compiles them each time: where the same list is asked often, compile it once. */
export function matchesModel(patterns: readonly string[], name: string): boolean {
  return compileModelPatterns(patterns)(name);
}

/**
 * Compiles globs into a search for the first one that a name matches: its place in the list, -1 for none. Only globs that begin as the
 * name does are tried, so that a thousand of them cost a name little more than one.
 */
export function compileFirstMatch(globs: readonly string[]): (name: string) => number {
  const byHead = new Map<string, { readonly at: number; readonly glob: Glob }[]>();
  for (const [at, text] of globs.entries()) {
    const glob = compileGlob(text);
    const alike = byHead.get(glob.head);
    if (alike === undefined) byHead.set(glob.head, [{ at, glob }]);
    else alike.push({ at, glob });
  }
  const lengths = [...new Set([...byHead.keys()].map((head) => head.length))];
  return (name) => {
    if (name.length > MAX_NAME_LENGTH) return -1;
    let first = Infinity;
    for (const length of lengths) {
      const alike = byHead.get(name.slice(0, length)) ?? [];
      const found = alike.find(({ at, glob }) => at < first && matchesGlob(glob, name));
      if (found !== undefined) first = found.at;
    }
    return first === Infinity ? -1 : first;
  };
}

interface Glob {
  readonly head: string;
  /** What must occur between head and tail, in this order. */
  readonly middle: readonly string[];
  readonly tail: string;
  readonly fixedLength: number;
}

function compileGlob(pattern: string): Glob {
  const parts = pattern.split('*');
  const head = parts[0] ?? '';
  const tail = parts.at(-1) ?? '';
  const middle = parts.slice(1, -1).filter((part) => part !== '');
  return { head, middle, tail, fixedLength: pattern.length - parts.length + 1 };
}

function matchesGlob(glob: Glob, name: string): boolean {
  if (name.length < glob.fixedLength) return false;
  if (!name.startsWith(glob.head) || !name.endsWith(glob.tail)) return false;
  const end = name.length - glob.tail.length;
  let from = glob.head.length;
  for (const part of glob.middle) {
    // the leftmost place leaves the most room for the rest, so there is never a reason to come back
    const at = name.indexOf(part, from);
    if (at < 0) return false;
    from = at + part.length;
  }
  return from <= end;
}
