/** Short-lived tokens that stand for a key until they expire. */
const LIFE_MS = 3_600_000;
const MAX_TOKENS = 10_000;

export class AccessTokens {
  readonly #now: () => number;
  readonly #tokens = new Map<string, { readonly key: string; readonly until: number }>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Remembers a token and tells for how many seconds it holds. */
  issue(token: string, key: string): number {
    this.#tokens.set(token, { key, until: this.#now() + LIFE_MS });
    for (const oldest of this.#tokens.keys()) {
      if (this.#tokens.size <= MAX_TOKENS) break;
      this.#tokens.delete(oldest);
    }
    return LIFE_MS / 1000;
  }

  /** The value of the key that it stands for. */
  keyOf(token: string): string | null {
    const known = this.#tokens.get(token);
    return known === undefined || known.until <= this.#now() ? null : known.key;
  }
}
