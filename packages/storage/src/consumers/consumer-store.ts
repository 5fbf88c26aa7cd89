/** A consumer that was added by command; those of the configuration file live in the file alone. */
export interface StoredConsumer {
  readonly id: string;
  readonly name: string | null;
  /** The part of its key that may be shown. */
  readonly keyId: string;
  /** SHA-256 of the key, lower-case hex. */
  readonly keyHash: string;
  /** Model aliases or globs; empty means none. */
  readonly models: readonly string[];
  /** Null: no limit. */
  readonly requestsPerMinute: number | null;
  /** Wall clock, epoch milliseconds. */
  readonly createdAt: number;
  readonly disabled: boolean;
}

export type ConsumerAdded =
  | { readonly ok: true }
  /** What is taken already: the consumer's id, or its key. */
  | { readonly ok: false; readonly conflict: 'id' | 'key' };

/** Keeps the consumers added by command. */
export interface ConsumerStore {
  add(consumer: StoredConsumer): Promise<ConsumerAdded>;
  /** Ordered by id, disabled ones included. */
  list(): Promise<readonly StoredConsumer[]>;
  /** False when there is no such consumer. Disabling twice is fine. */
  disable(id: string): Promise<boolean>;
}
