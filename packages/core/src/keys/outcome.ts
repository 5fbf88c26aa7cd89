/** How an attempt ended where the provider gave no usable answer. */
export type Failure =
  /** No connection: refused, DNS, TLS, connect timeout. Nothing of the request was sent. */
  | 'connect'
  /** A connection that had served before was reset before any response byte. */
  | 'reset_reused'
  /** The connection broke before the last request byte was flushed. */
  | 'reset_sending'
  /** Everything was flushed on a fresh connection, then it broke with no response byte. */
  | 'reset_after_sent'
  /** Everything was flushed, and no first byte came in time. */
  | 'first_byte_timeout'
  /** The response broke off, or fell silent for too long, after its head. */
  | 'truncated'
  /** A redirect, which a provider has no business sending. */
  | 'redirect'
  /** The wrong content type, bytes that are not JSON, a response too large. */
  | 'invalid';

/** What the classifier sees of one attempt: the provider's answer, or the way it failed to give one. */
export interface Outcome {
  /** HTTP status of the provider; 0 when there was no response head. */
  readonly status: number;
  /** Null when a whole response arrived. */
  readonly failure: Failure | null;
  /** A response header by lower-case name. */
  readonly header: (name: string) => string | undefined;
  /** At most the first 64 KiB of the body (or of the error event of a stream), decoded as UTF-8 with replacement. */
  readonly body: string;
  /** The local wall clock, epoch milliseconds. */
  readonly wallNow: number;
}
