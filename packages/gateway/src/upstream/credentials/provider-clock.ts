import { HOUR_MS } from '@keywell/core/time/duration';
import { parseHttpDate } from '@keywell/core/time/instant';
import type { Clock } from '../../pipeline/clock.ts';

/** Signatures are taken whose time is within five minutes: what moves the clock by less than this makes no good one of a refused one. */
const LEAST_MS = 60_000;
/** A clock is off by a zone, or by what it lost while its machine slept. Who finds it off by more is not believed. */
const MOST_MS = 24 * HOUR_MS;

/**
 * A provider's wall clock, which its signatures are dated by: this machine's, until the provider refuses one for the time in it and its
 * answer shows by how much the two differ.
 */
export class ProviderClock {
  readonly #clock: Clock;
  #offsetMs = 0;
  #correctedAt = -Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  wallNow(): number {
    return this.#clock.wallNow() + this.#offsetMs;
  }

  /**
   * A signature was refused for its time, of a call begun at `startedAt` (monotonic), in an answer of this `date`. Whether the next
   * signature has another time, so that it is worth sending the call again.
   */
  correct(startedAt: number, date: string | undefined): boolean {
    // one of several calls that were under way together
    if (startedAt <= this.#correctedAt) return true;
    const at = parseHttpDate(date);
    if (at === null) return false;
    const offsetMs = at - this.#clock.wallNow();
    const isNews = Math.abs(offsetMs - this.#offsetMs) >= LEAST_MS;
    if (!isNews || Math.abs(offsetMs) > MOST_MS) return false;
    this.#offsetMs = offsetMs;
    this.#correctedAt = this.#clock.now();
    return true;
  }
}
