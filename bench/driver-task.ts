/** What the driver is asked to do. */
export interface DriverTask {
  readonly kind: 'calls' | 'streams';
  readonly port: number;
  readonly model: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Connections that call in turn; for streams, `count` are open at once. */
  readonly concurrency: number;
  /** Calls in all, or streams. */
  readonly count: number;
  /** No call is started, and no stream lives, beyond this time. */
  readonly maxMs: number;
  /** An answer with fewer bytes is an error: it cannot be the one that the upstream sent. */
  readonly leastBodyBytes: number;
  /** A stream with fewer events is truncated. */
  readonly leastEvents: number;
}

/** What came of it. */
export interface DriverResult {
  /** Calls answered in full, or streams that came whole. */
  readonly done: number;
  readonly errors: number;
  readonly truncated: number;
  readonly events: number;
  readonly statuses: Readonly<Record<string, number>>;
  readonly wallMs: number;
  /** Time to the whole answer; of streams, to the first event. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}
