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
