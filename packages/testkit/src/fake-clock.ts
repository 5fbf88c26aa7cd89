/**
 * A clock that stands still until a test moves it. `now` is monotonic milliseconds, `wallNow` epoch milliseconds; the two are far
 * apart and the wall clock can be set by itself, so that code which mixes them up fails.
 */
export class FakeClock {
  #now: number;
  #wallNow: number;

  constructor(at: { readonly now?: number; readonly wallNow?: number } = {}) {
    this.#now = at.now ?? 1_000_000;
    this.#wallNow = at.wallNow ?? Date.UTC(2026, 0, 1);
  }

  /** Bound, so that it can be handed over as a function. */
  readonly now = (): number => this.#now;
  readonly wallNow = (): number => this.#wallNow;

  /** Time passes for both clocks. Throws a RangeError when it should run backwards. */
  advance(ms: number): void {
    if (!(ms >= 0)) throw new RangeError('Time does not run backwards; see setWall.');
    this.#now += ms;
    this.#wallNow += ms;
  }

  /** Somebody corrects the wall clock; no time passes. */
  setWall(epochMs: number): void {
    this.#wallNow = epochMs;
  }
}
