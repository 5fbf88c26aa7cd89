import type { AlertKind, AlertRaised } from '@keywell/core/forecast/alert-rules';

/** An alert that was raised. */
export interface AlertEvent extends AlertRaised {
  readonly id: string;
  /** Wall clock, epoch milliseconds. */
  readonly at: number;
  /** When what it is about was over; null while it is not. What only tells of an end (`pool_recovered`) is over at once. */
  readonly endedAt: number | null;
}

export interface AlertQuery {
  /** At most 500. */
  readonly limit: number;
  /** Only what came before this one. */
  readonly before?: Pick<AlertEvent, 'at' | 'id'>;
  /** Only what is not over. */
  readonly activeOnly?: boolean;
}

/** What an alert is about, and which rule asked. */
export interface AlertSubject {
  readonly kind: AlertKind;
  readonly subject: string;
  readonly rule: string;
}

/** Alerts that are kept at most; the oldest make room. */
export const MAX_ALERTS = 1000;
const MAX_ALERT_LIMIT = 500;

/** Keeps alerts, the newest 1,000. */
export interface AlertStore {
  append(raised: AlertRaised, at: number): Promise<AlertEvent>;
  /** Marks what is raised on this subject as over. */
  end(subject: AlertSubject, at: number): Promise<void>;
  /** Newest first. */
  list(query: AlertQuery): Promise<readonly AlertEvent[]>;
}

/** The limit that is applied: between 1 and 500. */
export function boundedAlertLimit(limit: number): number {
  return Math.max(1, Math.min(MAX_ALERT_LIMIT, Math.trunc(limit) || 1));
}
