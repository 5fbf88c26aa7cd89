type SnakeName<Name extends string> = Name extends `${infer First}${infer Rest}`
  ? First extends Lowercase<First>
    ? `${First}${SnakeName<Rest>}`
    : `_${Lowercase<First>}${SnakeName<Rest>}`
  : Name;

/** The same data with the names of its fields in snake_case, as JSON outside has them. */
export type SnakeCased<T> = T extends readonly (infer Entry)[]
  ? SnakeCased<Entry>[]
  : T extends object
    ? {
        -readonly [Name in keyof T as Name extends string ? SnakeName<Name> : never]: SnakeCased<
          T[Name]
        >;
      }
    : T;

/** Renames the fields of plain data, all the way down. Not for records whose names are values. */
export function snakeCased<T>(value: T): SnakeCased<T>;
export function snakeCased(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((entry: unknown) => snakeCased(entry));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [snakeName(name), snakeCased<unknown>(each)]),
  );
}

const snakeName = (name: string): string =>
  name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
