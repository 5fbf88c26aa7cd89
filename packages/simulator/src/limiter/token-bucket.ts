/** A continuous token bucket: full at the start, refilled evenly, never above its limit. State is mutable, time is passed in. */
export interface TokenBucket {
  readonly limit: number;
  readonly windowMs: number;
  level: number;
  /** The instant `level` was true. */
  at: number;
}

export function fullBucket(limit: number, windowMs: number, now: number): TokenBucket {
  return { limit, windowMs, level: limit, at: now };
}

/** What the bucket holds now. A clock that runs backwards refills nothing. */
export function levelAt(bucket: TokenBucket, now: number): number {
  const elapsed = Math.max(0, now - bucket.at);
  return Math.min(bucket.limit, bucket.level + (elapsed * bucket.limit) / bucket.windowMs);
}

/** Milliseconds until the bucket holds `amount`; Infinity when it never will. */
export function msUntil(bucket: TokenBucket, amount: number, now: number): number {
  if (amount > bucket.limit) return Infinity;
  const missing = amount - levelAt(bucket, now);
  return missing <= 0 ? 0 : (missing * bucket.windowMs) / bucket.limit;
}

/** Milliseconds until the bucket is full: what OpenAI's `reset` headers tell. */
export function msUntilFull(bucket: TokenBucket, now: number): number {
  return msUntil(bucket, bucket.limit, now);
}

/** Takes `amount`; the caller has checked that it is there. */
export function takeFrom(bucket: TokenBucket, amount: number, now: number): void {
  bucket.level = levelAt(bucket, now) - amount;
  bucket.at = Math.max(bucket.at, now);
}
