/** Why a request body could not be read to its end. */
export type BodyFailure = 'payload_too_large' | 'request_timeout' | 'caller_left';

/** What the data plane needs to know of the one request it answers, and what it may do with the answer. */
export interface InboundEvents {
  /** The caller's connection is gone before the answer was complete. */
  onCallerLeft: () => void;
  /** The caller reads again after `write` returned false. */
  onDrain: () => void;
}

/**
 * The inbound half of the HTTP seam: one request of one caller. Implementations own sockets and framing; the phases only see this.
 * Headers travel as flat arrays (`name, value, name, value`), in arrival order and case as received.
 */
export interface Inbound {
  readonly method: string;
  /** Path and query exactly as received. */
  readonly target: string;
  readonly rawHeaders: readonly string[];
  /** Bytes announced by content-length, or null when unknown (chunked) or absent. */
  readonly announcedBytes: number | null;
  readonly hasBody: boolean;
  /** Reads the whole body; the caller's `Expect: 100-continue` is answered here and not before. */
  readBody(limits: { maxBytes: number; idleTimeoutMs: number }): Promise<Uint8Array | BodyFailure>;
  /** A whole answer at once; framing is the implementation's. */
  respond(status: number, headers: readonly string[], body: Uint8Array | string): void;
  /** The head of an answer whose body follows in pieces. */
  begin(status: number, headers: readonly string[]): void;
  /** False asks to stop until `onDrain`. */
  write(chunk: Uint8Array | string): boolean;
  finish(): void;
  /** Ends the connection so that the caller cannot take the answer for complete; `lastWords` is sent before, as far as it goes. */
  abort(lastWords?: string): void;
  /** True once the answer is complete or the connection gone. */
  readonly closed: boolean;
  events: InboundEvents | null;
}
