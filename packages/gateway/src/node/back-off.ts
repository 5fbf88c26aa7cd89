const FIRST_MS = 50;
const LONGEST_MS = 5000;
/** A worker that lived this long has earned a fresh start. */
const STABLE_MS = 30_000;

/** How long to wait before a worker is started again that ended after `livedMs`: doubled each time, up to 5 s. */
export function nextBackOffMs(beforeMs: number, livedMs: number): number {
  if (beforeMs === 0 || livedMs > STABLE_MS) return FIRST_MS;
  return Math.min(LONGEST_MS, beforeMs * 2);
}
