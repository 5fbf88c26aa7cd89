/** A continuous token bucket: full at the start, refilled evenly, never above its limit. State is mutable, time is passed in. */
export interface TokenBucket {
  readonly kind: 'continuous';
  readonly limit: number;
  readonly windowMs: number;
  /** Below zero when more was charged afterwards than was there. */
  level: number;
  /** The instant `level` was true. */
  at: number;
}

export function fullBucket(limit: number, windowMs: number, at: number): TokenBucket {
  return { kind: 'continuous', limit, windowMs, level: limit, at };
}

/** What the bucket holds now. A clock that runs backwards refills nothing. */
export function levelAt(bucket: TokenBucket, at: number): number {
  const elapsed = Math.max(0, at - bucket.at);
  return Math.min(bucket.limit, bucket.level + (elapsed * bucket.limit) / bucket.windowMs);
}

/** Milliseconds until the bucket holds `amount`; Infinity when it never will. */
export function msUntilLevel(bucket: TokenBucket, amount: number, at: number): number {
  if (amount > bucket.limit) return Infinity;
  const missing = amount - levelAt(bucket, at);
  return missing <= 0 ? 0 : (missing * bucket.windowMs) / bucket.limit;
}

/** Takes `amount`, whether or not it is there. */
export function drawFrom(bucket: TokenBucket, amount: number, at: number): void {
  bucket.level = levelAt(bucket, at) - amount;
  bucket.at = Math.max(bucket.at, at);
}
