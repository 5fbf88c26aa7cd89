/** From the snake_case of files and JSON to the camelCase of code. Field names only: profiles have no maps with names of their own. */
type CamelCase<Name extends string> = Name extends `${infer Head}_${infer Rest}`
  ? `${Head}${Capitalize<CamelCase<Rest>>}`
  : Name;

export type Camelized<Value> = Value extends readonly (infer Item)[]
  ? readonly Camelized<Item>[]
  : Value extends object
    ? {
        readonly [Key in keyof Value as Key extends string ? CamelCase<Key> : Key]: Camelized<
          Value[Key]
        >;
      }
    : Value;

const renamed = (name: string): string =>
  name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

const restored = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

function renameFields(value: unknown, rename: (name: string) => string): unknown {
  if (Array.isArray(value)) return value.map((item) => renameFields(item, rename));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, item]) => [
    rename(name),
    renameFields(item, rename),
  ]);
  return Object.fromEntries(entries);
}

export function camelize<Value>(value: Value): Camelized<Value>;
export function camelize(value: unknown): unknown {
  return renameFields(value, renamed);
}

/** The way back, for what the control endpoint answers. */
export function snakeize(value: unknown): unknown {
  return renameFields(value, restored);
}
