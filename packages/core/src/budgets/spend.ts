/** What a consumer has spent of its budget, as it is kept across restarts. */
export interface StoredSpend {
  readonly consumer: string;
  /** When the period began in which it was spent, epoch milliseconds; 0 for a budget that never renews. */
  readonly startsAt: number;
  readonly spentMicros: number;
}

/** What has been spent of a budget in the present period, for people. */
export interface SpendStatus {
  readonly consumer: string;
  readonly spentMicros: number;
  /** What calls in flight hold of it. */
  readonly heldMicros: number;
}
