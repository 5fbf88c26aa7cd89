/** What a JSON value is; `ABSENT` where there is none. */
export const ABSENT = 0;
export const OBJECT = 1;
export const ARRAY = 2;
export const STRING = 3;
export const NUMBER = 4;
export const TRUE = 5;
export const FALSE = 6;
export const NULL = 7;

/** The kind of a value by its first byte: 0 where no JSON value starts with it. */
export const KIND_OF: Uint8Array = kinds();

function kinds(): Uint8Array {
  const table = new Uint8Array(256);
  const starts: readonly (readonly [string, number])[] = [
    ['{', OBJECT],
    ['[', ARRAY],
    ['"', STRING],
    ['-0123456789', NUMBER],
    ['t', TRUE],
    ['f', FALSE],
    ['n', NULL],
  ];
  for (const [characters, kind] of starts) {
    for (const character of characters) table[character.charCodeAt(0)] = kind;
  }
  return table;
}
