/** How fast older amounts fade: for limits per minute, per hour, and for longer ones. */
const HALF_LIVES_MS = [60_000, 600_000, 3_600_000] as const;

/** How long something has to be watched before a rate of that half-life is told: half of it, at most ten minutes. */
const LEAST_WATCHED_MS = HALF_LIVES_MS.map((halfLife) => Math.min(halfLife / 2, 600_000));

/**
 * An exponentially weighted rate over several half-lives. Corrected for its own youth: what was seen is divided by the time it was seen
 * in, weighted alike, so that a meter of two minutes does not read low.
 */
export class BurnMeter {
  #at: number | null = null;
  #watchedMs = 0;
  readonly #sums = HALF_LIVES_MS.map(() => 0);

  /** Time that passed since the amount before it, and what was consumed in it. `elapsedMs` is 0 or more. */
  note(amount: number, elapsedMs: number, now: number): void {
    this.#fade(now);
    this.#watchedMs += elapsedMs;
    // It came evenly over the time, so that half of it has faded a little already.
    for (const [index, sum] of this.#sums.entries()) {
      this.#sums[index] = sum + amount * 2 ** (-elapsedMs / 2 / (HALF_LIVES_MS[index] ?? 1));
    }
  }

  get watchedMs(): number {
    return this.#watchedMs;
  }

  /** Consumption per millisecond; null while it has not been watched long enough. `speed` as `speedFor` gives it. */
  perMs(now: number, speed: number): number | null {
    const halfLife = HALF_LIVES_MS[speed] ?? HALF_LIVES_MS[0];
    if (this.#at === null || this.#watchedMs < (LEAST_WATCHED_MS[speed] ?? 0)) return null;
    const weight = (halfLife / Math.LN2) * (1 - 2 ** (-this.#watchedMs / halfLife));
    const faded = (this.#sums[speed] ?? 0) * 2 ** (-Math.max(0, now - this.#at) / halfLife);
    return faded / weight;
  }

  #fade(now: number): void {
    if (this.#at !== null && now > this.#at) {
      for (const [index, sum] of this.#sums.entries()) {
        this.#sums[index] = sum * 2 ** (-(now - this.#at) / (HALF_LIVES_MS[index] ?? 1));
      }
    }
    this.#at = Math.max(now, this.#at ?? now);
  }
}

/** Which half-life suits a limit of this period: short limits are about now, long ones about the day. */
export function speedFor(periodMs: number | null): number {
  if (periodMs === null || periodMs > 3_600_000) return 2;
  return periodMs > 60_000 ? 1 : 0;
}
