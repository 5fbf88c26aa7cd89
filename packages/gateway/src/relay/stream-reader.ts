import type { TokenUsage } from '@keywell/core/log/request-record';
import type { StreamFailureKind, StreamPhase } from '@keywell/wire/openai-chat/stream-observer';

/** Watches a provider's stream and says what may reach the caller, whoever's dialect it is in. */
export interface StreamReader {
  readonly phase: StreamPhase;
  /** The data of the event that ended the stream; null as long as there was none. */
  readonly failure: Uint8Array | null;
  readonly failureKind: StreamFailureKind | null;
  /** Bytes of text, reasoning, refusals and tool arguments so far. */
  readonly contentBytes: number;
  /** Null where the provider told none. */
  readonly usage: TokenUsage | null;
  /** What of the answer so far the caller's dialect has no place for; absent where it is told in the words it came in. */
  readonly lost?: readonly string[];
  /** Takes the next chunk and returns what may go to the caller now. Nothing follows a failure or the end. */
  push(chunk: Uint8Array): readonly Uint8Array[];
  /** The response ended cleanly as HTTP; `clean` tells a whole stream from one that broke off. */
  end(): { readonly ready: readonly Uint8Array[]; readonly clean: boolean };
}
