/** Something that somebody did to this installation. `detail` holds names and numbers, never a secret. */
export interface AuditEntry {
  /** Wall clock, epoch milliseconds. */
  readonly at: number;
  readonly actor: string;
  /** `consumer.added`, `cooldown.cleared`. */
  readonly action: string;
  readonly target: string;
  readonly detail: Readonly<Record<string, string | number | boolean | null>>;
}

export interface AuditEvent extends AuditEntry {
  readonly id: string;
}

export interface AuditQuery {
  /** At most 500. */
  readonly limit: number;
  /** Only what came before this event. */
  readonly before?: Pick<AuditEvent, 'at' | 'id'>;
}

const MAX_AUDIT_LIMIT = 500;

/** Keeps what was done; nothing in it is ever changed. */
export interface AuditStore {
  /** Durable when it resolves. */
  append(entry: AuditEntry): Promise<AuditEvent>;
  /** Newest first. */
  list(query: AuditQuery): Promise<readonly AuditEvent[]>;
}

/** The limit that is applied: between 1 and 500. */
export function boundedLimit(limit: number): number {
  return Math.max(1, Math.min(MAX_AUDIT_LIMIT, Math.trunc(limit) || 1));
}
