const NOTHING: readonly string[] = Object.freeze([]);

/**
 * Collects the names of what a target cannot express: parameters by their snake_case name in OpenAI's manner (`logit_bias`, `top_k`),
 * content by its kind (`image`, `thinking`, `citations`), extensions by their own name. Each once, in the order they were met.
 */
export class Drops {
  /** Null as long as nothing was dropped, which is nearly always. */
  #names: Set<string> | null = null;

  /** Notes a name; only what could stand in a header is kept of it. */
  add(name: string): void {
    if (this.#names?.has(name) === true) return;
    this.#names ??= new Set();
    this.#names.add(name.replace(/[^A-Za-z0-9_.:-]/g, '_').slice(0, 64));
  }

  addAll(names: readonly string[]): void {
    for (const name of names) this.add(name);
  }

  /** Notes it if it was said at all. */
  addIf(said: unknown, name: string): void {
    if (said !== null && said !== undefined) this.add(name);
  }

  get names(): readonly string[] {
    return this.#names === null ? NOTHING : [...this.#names];
  }
}
