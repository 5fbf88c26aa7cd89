import type { StoredSpend } from '@keywell/core/budgets/spend';

/** Keeps what consumers have spent of their budgets, so that a restart gives nobody a new one. */
export interface SpendStore {
  /**
   * Replaces what is kept of each consumer named; one transaction, durable against a killed process when it returns. Throws when it cannot
   * be written (a full disk): then hand the same over again.
   */
  keepNow(changes: readonly StoredSpend[]): void;
  /** Everything that is kept, ordered by consumer. */
  load(): Promise<readonly StoredSpend[]>;
}
