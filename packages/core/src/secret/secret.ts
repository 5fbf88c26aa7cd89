/** What every printer shows instead of a secret's value. */
const MASK = '[secret]';

/**
 * A value that cannot be printed by accident: string conversion, JSON, template literals and Node's inspector all show `[secret]`.
 * Only `reveal` returns the value, so that `git grep 'reveal()'` lists every place where a secret leaves its wrapper.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The value itself. Call it at the last moment, at the edge that needs it. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return MASK;
  }

  toJSON(): string {
    return MASK;
  }

  [Symbol.toPrimitive](): string {
    return MASK;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return MASK;
  }
}
