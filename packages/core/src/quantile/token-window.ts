const SECONDS = 60;
const SECOND_MS = 1000;

/** Sums over the last minute, in one-second buckets: tokens of everything, requests, and tokens of the part that is rationed. */
export class TokenWindow {
  readonly #tokens = new Float64Array(SECONDS);
  readonly #requests = new Float64Array(SECONDS);
  readonly #rationed = new Float64Array(SECONDS);
  /** The second that each bucket counts for, plus one; 0: none yet. */
  readonly #seconds = new Float64Array(SECONDS);

  /** Counts a request that took so many tokens in all. */
  add(tokens: number, now: number): void {
    const bucket = this.#bucketAt(now);
    this.#tokens[bucket] = (this.#tokens[bucket] ?? 0) + tokens;
    this.#requests[bucket] = (this.#requests[bucket] ?? 0) + 1;
  }

  /** Tokens of an average request of the last minute; 0 without any. */
  average(now: number): number {
    const requests = this.#sum(this.#requests, now);
    return requests === 0 ? 0 : this.#sum(this.#tokens, now) / requests;
  }

  /** Takes a ration of `tokens`, if all rations of the minute stay within `share` of its tokens. */
  ration(tokens: number, share: number, now: number): boolean {
    const taken = this.#sum(this.#rationed, now);
    if (!(tokens > 0) || taken + tokens > share * this.#sum(this.#tokens, now)) return false;
    const bucket = this.#bucketAt(now);
    this.#rationed[bucket] = (this.#rationed[bucket] ?? 0) + tokens;
    return true;
  }

  #bucketAt(now: number): number {
    const second = Math.floor(now / SECOND_MS);
    const bucket = second % SECONDS;
    if (this.#seconds[bucket] !== second + 1) {
      this.#tokens[bucket] = 0;
      this.#requests[bucket] = 0;
      this.#rationed[bucket] = 0;
      this.#seconds[bucket] = second + 1;
    }
    return bucket;
  }

  #sum(of: Float64Array, now: number): number {
    const oldest = Math.floor(now / SECOND_MS) + 2 - SECONDS;
    let sum = 0;
    for (let bucket = 0; bucket < SECONDS; bucket += 1) {
      const second = this.#seconds[bucket] ?? 0;
      if (second > 0 && second >= oldest) sum += of[bucket] ?? 0;
    }
    return sum;
  }
}
