import type { RequestRecord } from '@keywell/core/log/request-record';
import type { Secret } from '@keywell/core/secret/secret';

/** A consumer added by command; those of the configuration file live in the file alone. */
export interface StoredConsumer {
  readonly id: string;
  readonly name: string | null;
  /** The part of its key that may be shown. */
  readonly keyId: string;
  /** SHA-256 of the key, lower-case hex. */
  readonly keyHash: string;
  readonly models: readonly string[];
  readonly requestsPerMinute: number | null;
  /** Wall clock, epoch milliseconds. */
  readonly createdAt: number;
  readonly disabled: boolean;
}

export interface ConsumerStore {
  add(
    consumer: StoredConsumer,
  ): Promise<{ readonly ok: true } | { readonly ok: false; readonly conflict: 'id' | 'key' }>;
  list(): Promise<readonly StoredConsumer[]>;
}

/** What a provider told of one credential's account. */
export interface StoredAccount {
  readonly baseUrl: string;
  /** Null is the installation itself. */
  readonly ownerTenant: string | null;
  readonly fingerprint: string;
  readonly organization: string;
  readonly project: string | null;
  /** Wall clock, epoch milliseconds. */
  readonly changedAt: number;
  /** Changes in quick succession, the first word not counted. */
  readonly changes: number;
}

export interface AccountStore {
  put(account: StoredAccount): Promise<void>;
  list(): Promise<readonly StoredAccount[]>;
}

/** Something somebody did. `detail` holds names and numbers, never a secret. */
export interface AuditEntry {
  /** Wall clock, epoch milliseconds. */
  readonly at: number;
  readonly actor: string;
  /** `consumer.added`, `cooldown.cleared`, `configuration.reloaded`. */
  readonly action: string;
  readonly target: string;
  readonly detail: Readonly<Record<string, string | number | boolean | null>>;
}

export interface AuditEvent extends AuditEntry {
  readonly id: string;
}

export interface AuditStore {
  append(entry: AuditEntry): Promise<AuditEvent>;
  /** Newest first. */
  list(query: {
    readonly limit: number;
    readonly before?: Pick<AuditEvent, 'at' | 'id'>;
  }): Promise<readonly AuditEvent[]>;
}

/** What may be asked of the request log. */
export interface LogQuery {
  readonly limit: number;
  /** Only what comes after this cursor. */
  readonly before?: string;
  readonly consumer?: string;
  readonly model?: string;
  readonly provider?: string;
  readonly key?: string;
  readonly status?: number | 'error';
  readonly since?: number;
  readonly until?: number;
}

export interface RequestLogReader {
  /** Newest first. */
  list(query: LogQuery): Promise<readonly RequestRecord[]>;
  get(id: string): Promise<RequestRecord | null>;
  stats(): { readonly queued: number; readonly written: number; readonly shed: number };
}

export interface SavedSnapshot {
  readonly version: number;
  readonly hash: string;
  /** Wall clock, epoch milliseconds. */
  readonly savedAt: number;
  /** The configuration as JSON: secrets as references, literal ones sealed. */
  readonly text: string;
}

export interface SnapshotStore {
  save(snapshot: SavedSnapshot): Promise<void>;
  latest(): Promise<SavedSnapshot | null>;
}

/** Where a sealed value belongs; it opens nowhere else. */
export interface SealedPlace {
  readonly purpose: string;
  readonly rowId: string;
}

/** Seals what must not stand in the store as it is. */
export interface SecretSealer {
  seal(secret: Secret, place: SealedPlace): string;
  open(
    sealed: string,
    place: SealedPlace,
  ):
    | { readonly ok: true; readonly secret: Secret }
    | { readonly ok: false; readonly message: string };
}
