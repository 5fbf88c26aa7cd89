/** Which beginnings of prompts an organization has had cached: what Anthropic and Bedrock bill as cache writes and reads. */
import { createHash } from 'node:crypto';

/** A beginning of a prompt, up to the end of one of its blocks. */
export interface Prefix {
  readonly hash: string;
  readonly tokens: number;
  /** How long it is to be kept; null where nothing asks for that. */
  readonly lifeMs: number | null;
}

/** What a call writes to the cache and reads from it, tokens. */
export interface CacheUse {
  readonly read: number;
  readonly written: number;
  /** Of `written`, what lives for an hour. */
  readonly writtenForHour: number;
}

const HOUR = 3_600_000;
const MAX_ENTRIES = 10_000;

export class PromptCache {
  readonly #now: () => number;
  readonly #entries = new Map<string, number>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Prefixes shortest first. What was kept is found again wherever the prompt goes on from it, marked there or not. */
  useOf(owner: string, prefixes: readonly Prefix[]): CacheUse {
    const now = this.#now();
    const marked = prefixes.findLastIndex(({ lifeMs }) => lifeMs !== null);
    let read = 0;
    for (const { hash, tokens } of prefixes.slice(0, marked + 1)) {
      if ((this.#entries.get(`${owner} ${hash}`) ?? -Infinity) > now) read = tokens;
    }
    let told = read;
    let writtenForHour = 0;
    for (const { tokens, lifeMs } of prefixes) {
      if (lifeMs === null || tokens <= told) continue;
      if (lifeMs >= HOUR) writtenForHour += tokens - told;
      told = tokens;
    }
    return { read, written: told - read, writtenForHour };
  }

  /** A read refreshes what it reads. */
  keep(owner: string, prefixes: readonly Prefix[]): void {
    const now = this.#now();
    for (const { hash, lifeMs } of prefixes) {
      const name = `${owner} ${hash}`;
      if (lifeMs === null) continue;
      this.#entries.delete(name);
      this.#entries.set(name, now + lifeMs);
    }
    for (const name of this.#entries.keys()) {
      if (this.#entries.size <= MAX_ENTRIES) break;
      this.#entries.delete(name);
    }
  }
}

/** Hashes a prompt block by block. */
export class PrefixHasher {
  readonly #hash = createHash('sha256');
  readonly prefixes: Prefix[] = [];

  /** A block as text, the tokens of the prompt up to its end, and how long that is to be kept. */
  block(text: string, tokens: number, lifeMs: number | null): void {
    this.#hash.update(text).update('\0');
    this.prefixes.push({ hash: this.#hash.copy().digest('hex'), tokens, lifeMs });
  }
}
