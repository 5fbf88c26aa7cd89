/** Upper bounds of the waits' histogram: each a fifth above the one before, from 1 ms to over two hours. */
const BUCKETS = 88;
const GROWTH = 1.2;

/** What one side came to. Plain numbers: bounded, whatever the log's length. */
export class Tally {
  requests = 0;
  answered = 0;
  /** Refused because no key could serve, in all and by consumers' own limits. */
  dry = 0;
  consumerLimit = 0;
  tooLarge = 0;
  notConfigured = 0;
  failed = 0;
  attempts = 0;
  /** Attempts that a provider refused. Null, as the next one, where the log does not tell. */
  refusedAttempts: number | null = 0;
  /** Of those, the ones that refusals already received implied. */
  wastedAttempts: number | null = 0;
  /** USD micros, of the answered requests whose price is known. */
  costMicros = 0;
  priced = 0;
  waitMs = 0;
  waited = 0;
  readonly #byProvider = new Map<string, number>();
  readonly #waits = new Float64Array(BUCKETS + 1);

  /** Counts one answered request. A null price is unknown, never nothing. */
  noteAnswer(provider: string, costMicros: number | null): void {
    this.answered += 1;
    this.#byProvider.set(provider, (this.#byProvider.get(provider) ?? 0) + 1);
    if (costMicros === null) return;
    this.costMicros += costMicros;
    this.priced += 1;
  }

  noteRefusedAttempt(implied: boolean): void {
    if (this.refusedAttempts !== null) this.refusedAttempts += 1;
    if (implied && this.wastedAttempts !== null) this.wastedAttempts += 1;
  }

  noteWait(waitMs: number): void {
    const bucket = waitMs <= 1 ? 0 : Math.ceil(Math.log(waitMs) / Math.log(GROWTH));
    const place = Math.min(BUCKETS, bucket);
    this.#waits[place] = (this.#waits[place] ?? 0) + 1;
    if (waitMs < 1) return;
    this.waited += 1;
    this.waitMs += waitMs;
  }

  /** The wait that this share of all requests stayed below, to within a fifth; 0 below a millisecond. */
  waitAt(share: number): number {
    let left = this.#waits.reduce((sum, count) => sum + count, 0) * share;
    if (left === 0) return 0;
    for (const [bucket, count] of this.#waits.entries()) {
      left -= count;
      if (left <= 0) return bucket === 0 ? 0 : GROWTH ** bucket;
    }
    return GROWTH ** BUCKETS;
  }

  /** Answered requests by who answered, most first. */
  providers(): readonly { readonly provider: string; readonly answered: number }[] {
    return [...this.#byProvider]
      .map(([provider, answered]) => ({ provider, answered }))
      .toSorted((a, b) => b.answered - a.answered);
  }
}
