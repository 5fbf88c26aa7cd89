/** Each bucket's upper bound is this many times the one before it: a quantile is true within 5 %. */
const GROWTH = 1.1;
/** Buckets from 1 to about 10⁷: milliseconds of hours, tokens of any answer. */
const BUCKETS = 170;
const LOG_GROWTH = Math.log(GROWTH);
/** Beyond this many observations the old ones count half: what is told follows the last few hundred. */
const FADE_AT = 512;
/** Fewer observations than this tell nothing about a tail. */
const LEAST = 20;

/**
 * Learns the quantiles of a stream of positive numbers in constant room (1.4 KB): a histogram with logarithmic buckets that fades. No
 * clock, no randomness; one writer.
 */
export class QuantileSketch {
  readonly #buckets = new Float64Array(BUCKETS);
  #count = 0;

  /** Takes one observation. What is no positive number is left out. */
  observe(value: number): void {
    if (!(value > 0)) return;
    const bucket = Math.max(0, Math.min(BUCKETS - 1, Math.ceil(Math.log(value) / LOG_GROWTH)));
    this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + 1;
    this.#count += 1;
    if (this.#count >= FADE_AT) this.#fade();
  }

  /** The value below which a share of `share` of the observations lay, rounded up to its bucket; null while there are too few. */
  quantile(share: number): number | null {
    if (this.#count < LEAST) return null;
    let left = share * this.#count;
    for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
      left -= this.#buckets[bucket] ?? 0;
      if (left <= 1e-9) return GROWTH ** bucket;
    }
    return GROWTH ** (BUCKETS - 1);
  }

  #fade(): void {
    this.#count = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
      const half = (this.#buckets[bucket] ?? 0) / 2;
      this.#buckets[bucket] = half;
      this.#count += half;
    }
  }
}
