export interface Parameter {
  /** In lower case. */
  readonly name: string;
  readonly value: string;
  /** Whether a backslash stands in the value, which readers take for different things. */
  readonly escaped: boolean;
}

/** Until what follows is no parameter: each match starts where the last one ended, and goes through its characters once. */
const PARAMETER = /[ \t]*;[ \t]*(?:([^\s;="]+)=(?:"((?:[^"\\\r\n]|\\[^\r\n])*)"|([^\s;",]*)))?/y;

/** The parameters of a header's value (RFC 9110 section 5.6.6) from an offset on; null where anything else stands between them. Linear. */
export function parametersIn(text: string, from: number): readonly Parameter[] | null {
  const found: Parameter[] = [];
  let at = from;
  while (at < text.length) {
    PARAMETER.lastIndex = at;
    const match = PARAMETER.exec(text);
    if (match === null) return text.slice(at).trim() === '' ? found : null;
    at = PARAMETER.lastIndex;
    const [, name, quoted, token = ''] = match;
    if (name === undefined) continue;
    const value = quoted ?? token;
    found.push({ name: name.toLowerCase(), value, escaped: value.includes('\\') });
  }
  return found;
}
