/** As much of a message as a failure pattern is tried on. */
const MAX_TEXT = 2048;
const MAX_LENGTH = 256;
/** The most ways in which a pattern may be tried at one text; anchored, and a message long, that is some milliseconds at worst. */
const MAX_STEPS = 1_000_000;

/** A group that is open while a pattern is read. */
interface OpenGroup {
  /** Whether what is in it can be matched in several ways. */
  variable: boolean;
  branches: number;
}

/**
 * What is wrong with a pattern that shall be tried on text of strangers, in words that finish "the pattern …"; null when it is safe.
 * Safe is: anchored at the beginning in every alternative, no look-around, no back-reference, no quantifier around what can itself be
 * matched in several ways, and not more than a million ways in all. A pattern that passes cannot be made to run for long.
 */
export function patternFault(source: string): string | null {
  if (source.length > MAX_LENGTH) return `is longer than ${MAX_LENGTH} characters`;
  if (!source.startsWith('^')) return 'does not begin with "^"';
  try {
    failurePattern(source);
  } catch {
    return 'is not a regular expression';
  }
  return new PatternReader(source).read();
}

/** The pattern, without regard to case. Throws what `RegExp` throws; ask `patternFault` first. */
export function failurePattern(source: string): RegExp {
  return new RegExp(source, 'i');
}

/** A pattern that is a text at the beginning of a message and nothing else. */
export function prefixPattern(prefix: string): string {
  return `^${prefix.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`)}`;
}

class PatternReader {
  readonly #source: string;
  readonly #open: OpenGroup[] = [{ variable: false, branches: 1 }];
  #at = 1;
  #steps = 1;
  #fault: string | null = null;

  constructor(source: string) {
    this.#source = source;
  }

  read(): string | null {
    while (this.#at < this.#source.length && this.#fault === null) this.#readNext();
    if (this.#fault !== null) return this.#fault;
    return this.#steps > MAX_STEPS ? 'can be matched in too many ways' : null;
  }

  #readNext(): void {
    const next = this.#source.charAt(this.#at);
    if (next === '(') this.#openGroup();
    else if (next === '|') this.#alternate();
    else if (next === ')') this.#closeGroup();
    else {
      this.#at = this.#endOfAtom(next);
      this.#readQuantifier(false);
    }
  }

  #openGroup(): void {
    const group = /^\((?:\?:|\?<[A-Za-z]\w*>|(?!\?))/.exec(this.#source.slice(this.#at));
    if (group === null) this.#fault = 'looks ahead or behind';
    this.#open.push({ variable: false, branches: 1 });
    this.#at += group?.[0].length ?? 1;
  }

  #alternate(): void {
    if (this.#open.length === 1) this.#fault = 'is not anchored in every alternative';
    const group = this.#varies();
    if (group !== undefined) group.branches += 1;
    this.#at += 1;
  }

  #closeGroup(): void {
    const group = this.#open.pop();
    this.#at += 1;
    this.#steps *= group?.branches ?? 1;
    if (group?.variable === true) this.#varies();
    this.#readQuantifier(group?.variable === true);
  }

  /** Where the character, escape or class that begins here ends. */
  #endOfAtom(first: string): number {
    if (first === '\\') {
      if (/[1-9k]/.test(this.#source.charAt(this.#at + 1))) this.#fault = 'refers back';
      return this.#at + 2;
    }
    if (first !== '[') return this.#at + 1;
    let end = this.#at + 1;
    while (end < this.#source.length && this.#source.charAt(end) !== ']') {
      end += this.#source.charAt(end) === '\\' ? 2 : 1;
    }
    return end + 1;
  }

  #readQuantifier(variable: boolean): void {
    const found = /^(?:[*+?]|\{(\d+)(,?)(\d*)\})\??/.exec(this.#source.slice(this.#at));
    if (found === null) return;
    this.#at += found[0].length;
    const [least, most] = boundsOf(found);
    if (variable && most > 1) this.#fault = 'has a quantifier inside a quantifier';
    this.#steps *= Math.max(1, most - least + 1);
    if (most > MAX_TEXT) this.#fault = 'repeats more often than a message is long';
    if (most !== least) this.#varies();
  }

  #varies(): OpenGroup | undefined {
    const group = this.#open.at(-1);
    if (group !== undefined) group.variable = true;
    return group;
  }
}

function boundsOf([text, least, comma, most]: RegExpExecArray): readonly [number, number] {
  if (text.startsWith('?')) return [0, 1];
  if (least === undefined) return [text.startsWith('+') ? 1 : 0, MAX_TEXT];
  if (comma !== ',') return [Number(least), Number(least)];
  return [Number(least), most === undefined || most === '' ? MAX_TEXT : Number(most)];
}
