/** What a caller's `keywell-max-wait-ms` says. */
export type MaxWait = { readonly ok: true; readonly ms: number | null } | { readonly ok: false };

/** A number of more digits is more than a day, which is more than any pool allows. */
const LONGEST_DIGITS = 8;

/** Reads the header: a whole number of milliseconds, 0 for no waiting at all. Null when the caller says nothing. */
export function readMaxWait(value: string | null): MaxWait {
  if (value === null) return { ok: true, ms: null };
  const text = value.trim();
  if (!/^\d+$/.test(text)) return { ok: false };
  return { ok: true, ms: text.length > LONGEST_DIGITS ? Infinity : Number(text) };
}

/** What a call may wait in all until it is sent: what its caller asks for, at most what its pool allows; all of that by default. */
export function patienceOf(asked: number | null, maxWaitMs: number): number {
  return Math.min(asked ?? maxWaitMs, maxWaitMs);
}
