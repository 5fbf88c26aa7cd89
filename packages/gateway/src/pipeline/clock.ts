/**
 * Monotonic milliseconds that mean the same in every thread of the process: `performance.now()` counts from the start of its own
 * thread, so it is shifted once onto the process-wide high-resolution clock.
 */
export interface Clock {
  now(): number;
  /** Wall clock, epoch milliseconds. */
  wallNow(): number;
}

export function createClock(): Clock {
  const [seconds, nanoseconds] = process.hrtime();
  const offset = seconds * 1000 + nanoseconds / 1e6 - performance.now();
  return { now: () => performance.now() + offset, wallNow: Date.now };
}
