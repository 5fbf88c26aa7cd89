/** What a dialect and the delivery of its answers say to each other. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CallRecord } from '../calls/call-log.ts';
import type { OpenCharge } from '../calls/open-charge.ts';
import type { Face } from '../faces/face.ts';
import type { ProviderState } from '../provider-state.ts';

/** One request and everything that belongs to it. */
export interface Exchange {
  readonly state: ProviderState;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly call: CallRecord;
  /** The path without its query. */
  readonly path: string;
  /** Whose errors and headers it gets. */
  readonly face: Face;
  /** The model that the path names, whatever the body says; null: the body's. */
  readonly deployment: string | null;
  /** 32 hex digits; every face makes its own id of it. */
  readonly requestId: string;
  /** What is charged while and after it is answered; null when everything is paid. */
  open: OpenCharge | null;
  /** How far the provider's clock is off for it, milliseconds. */
  skewMs: number;
}

/** A piece of an answer as it goes out: text, or the bytes of a dialect that is none. */
export type Chunk = string | Uint8Array;

/** A complete answer, not yet delivered: a body, or the events of a stream (each a whole block with its blank line, or a whole frame). */
export interface Answer {
  readonly status: number;
  /** Flat name, value; without framing headers. */
  readonly headers: readonly string[];
  readonly body: Chunk;
  /** Null: `body` is the answer. */
  readonly events: readonly Chunk[] | null;
  /** The stream's content type; server-sent events when not given. */
  readonly streamType?: string;
  /** The same answer in the other framing, for the fault that mixes the two up. */
  readonly other?: () => Answer;
  /** One more event for streams that never end. */
  readonly filler?: (text: string) => Chunk;
  /** An error's body as the next event after so many, where the face's own event would not fit this stream; `code`: which error. */
  readonly inBand?: (body: string, after: number, code: string | undefined) => Chunk;
  readonly firstByteMs: number;
  readonly eventIntervalMs: number;
}

export interface Dialect {
  readonly id: string;
  /** Whether a request to this path is the dialect's. */
  readonly owns: (path: string, request: IncomingMessage) => boolean;
  /** Takes over a request; answers it in every case. */
  readonly handle: (
    state: ProviderState,
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
  ) => void;
}
