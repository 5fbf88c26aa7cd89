/** Where the simulator's time comes from. Timers stay real: advancing the clock refills limiters and ends faults, it wakes nobody up. */
export interface Clock {
  /** Monotonic milliseconds (CLOCK_MONOTONIC: comparable between threads and processes of one machine). */
  now(): number;
  /** Epoch milliseconds. */
  wallNow(): number;
}

export const systemClock: Clock = Object.freeze({
  now: () => {
    const [seconds, nanos] = process.hrtime();
    return seconds * 1000 + nanos / 1e6;
  },
  wallNow: () => Date.now(),
});

/** A clock that can be moved ahead of the one it stands on. */
export class AdvancingClock implements Clock {
  readonly #base: Clock;
  #aheadMs = 0;

  constructor(base: Clock) {
    this.#base = base;
  }

  now(): number {
    return this.#base.now() + this.#aheadMs;
  }

  wallNow(): number {
    return this.#base.wallNow() + this.#aheadMs;
  }

  get aheadMs(): number {
    return this.#aheadMs;
  }

  advance(ms: number): void {
    this.#aheadMs += ms;
  }
}
