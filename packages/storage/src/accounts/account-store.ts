/** What a provider told of one credential's account, and how often it has told something else. */
export interface StoredAccount {
  readonly baseUrl: string;
  /** Null is the installation itself. */
  readonly ownerTenant: string | null;
  readonly fingerprint: string;
  readonly organization: string;
  readonly project: string | null;
  /** Wall clock, epoch milliseconds. */
  readonly changedAt: number;
  /** Changes in quick succession, the first word not counted: a provider that says something else each time is not believed. */
  readonly changes: number;
}

/** Keeps the accounts that responses named for credentials, so that a restarted node knows at once which keys dry up together. */
export interface AccountStore {
  /** Durable when it resolves. One row for each base URL, owner and fingerprint: the last one holds. */
  put(account: StoredAccount): Promise<void>;
  list(): Promise<readonly StoredAccount[]>;
}
