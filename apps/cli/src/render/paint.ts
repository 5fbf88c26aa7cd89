/** Colours, or none. */
export interface Paint {
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly soft: (text: string) => string;
  readonly warn: (text: string) => string;
  readonly strong: (text: string) => string;
}

const wrap =
  (code: number, on: boolean) =>
  (text: string): string =>
    on && text !== '' ? `\u001b[${code}m${text}\u001b[0m` : text;

export function createPaint(on: boolean): Paint {
  return {
    good: wrap(32, on),
    bad: wrap(31, on),
    soft: wrap(2, on),
    warn: wrap(33, on),
    strong: wrap(1, on),
  };
}
