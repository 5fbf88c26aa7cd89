import type { Failure } from '@keywell/core/keys/outcome';

/** One call to a provider. Headers are a flat array of names and values, already allow-listed; framing is the implementation's. */
export interface OutboundRequest {
  /** Scheme, host and port: `https://api.openai.com`. */
  readonly origin: string;
  readonly path: string;
  readonly method: 'POST' | 'GET' | 'DELETE' | 'PUT' | 'PATCH';
  readonly headers: readonly string[];
  readonly body: OutboundBody | null;
  readonly connectTimeoutMs: number;
}

/**
 * In one piece, or in several that follow each other: a large body is not put together anew to be sent. Text becomes bytes where it is
 * written.
 */
export type OutboundBody = string | Uint8Array | readonly Uint8Array[];

/** A response header by lower-case name; the first of several. */
export type HeaderOf = (name: string) => string | undefined;

/** What a call tells the one who started it. Exactly one of `onEnd` and `onFail` is called, and nothing after it. */
export interface OutboundEvents {
  /** The call has a connection; `control` stays valid until the end. */
  onStart(control: OutboundControl): void;
  onHead(status: number, headerOf: HeaderOf): void;
  onData(chunk: Uint8Array): void;
  onEnd(): void;
  /** `aborted` when `control.abort` was called. */
  onFail(failure: Failure | 'aborted', detail: string): void;
}

export interface OutboundControl {
  /** Whether every byte of the request has left this process. */
  readonly sent: boolean;
  abort(): void;
  pause(): void;
  resume(): void;
}

/** The outbound half of the HTTP seam. */
export interface Outbound {
  send(request: OutboundRequest, events: OutboundEvents): void;
  close(): Promise<void>;
}
