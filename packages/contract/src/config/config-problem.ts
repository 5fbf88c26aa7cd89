/** Where in a file something is: names and list indexes from the top. */
export type ConfigPath = readonly (string | number)[];

/** Something wrong in a configuration, before it is known in which line it stands. */
export interface ConfigProblem {
  readonly path: ConfigPath;
  /** Whether the name of the last step is wrong, or what it holds. */
  readonly at: 'name' | 'value';
  readonly message: string;
  /** What would be right. */
  readonly hint: string;
}

/** `providers[0].keys[1].value`; empty for the whole file. */
export function showPath(path: ConfigPath): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else text += text === '' ? showName(step) : `.${showName(step)}`;
  }
  return text;
}

/** A name from the file, unless it is so odd that it might be something else than a name. */
export function showName(name: string): string {
  return /^[A-Za-z0-9._-]{1,40}$/.test(name) ? name : '…';
}
