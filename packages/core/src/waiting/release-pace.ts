/** Calls let go at once when a pool comes back, and after a refusal. */
const FIRST = 12;
const AFTER_REFUSAL = 2;
/** In this time as many again may follow as went before. */
const DOUBLING_MS = 250;
/** A pool that let nobody go for so long has come back anew. */
const REST_MS = 1000;

/**
 * How many waiting calls are let go when a pool comes back: a few at first, twice as many each quarter of a second, and fewer again
 * once one of them is refused; counted are those that go where nobody can be certain of room, see `isRoomCertain`. A thousand callers that waited for one key's cooldown do not fall upon it in the same millisecond, and a
 * refusal is known before most of them went. A pool that lets calls go all the time is not held up.
 */
export class ReleasePace {
  #startedAt = -Infinity;
  #lastAt = -Infinity;
  #first = FIRST;
  #released = 0;

  /** Milliseconds until one more may go; 0 when one may now. */
  opensInMs(now: number): number {
    if (now - this.#lastAt >= REST_MS) return 0;
    const opensAt = this.#startedAt + DOUBLING_MS * Math.log2((this.#released + 1) / this.#first);
    return Math.max(0, opensAt - now);
  }

  /** One was let go. */
  release(now: number): void {
    if (now - this.#lastAt >= REST_MS) this.#restart(now, FIRST);
    this.#lastAt = now;
    this.#released += 1;
  }

  /** One that was let go was refused for want of capacity. */
  refused(now: number): void {
    this.#restart(now, AFTER_REFUSAL);
    this.#lastAt = now;
  }

  #restart(now: number, first: number): void {
    this.#startedAt = now;
    this.#first = first;
    this.#released = 0;
  }
}
