import type { ErrorCode } from '@keywell/core/errors/catalogue';
import type { JsonObject } from '../json/value.ts';
import type { Dialect } from './dialect.ts';
import type { Drops } from './drops.ts';
import type { CanonicalRequest } from './request.ts';
import type { CanonicalResponse } from './response.ts';
import type { StreamEvent } from './stream-event.ts';

/** A value, or what is wrong with what was to be read: a sentence for the one who sent it, quoting nothing of it. */
export type Decoded<T> =
  | { readonly ok: true; readonly value: T }
  | {
      readonly ok: false;
      readonly code: ErrorCode;
      readonly message: string;
      readonly param: string | null;
    };

/** What a path says of a request beside its body (Gemini: model and whether it is streamed). */
export interface RequestPlace {
  readonly model: string | null;
  readonly stream: boolean | null;
}

/** What an encoder may need to make up where the provider said nothing. */
export interface AnswerStamp {
  /** Letters, digits, `_` and `-`; unique for the request. */
  readonly id: string;
  /** Shown where the provider named no model. */
  readonly model: string;
  /** Epoch seconds. */
  readonly createdAt: number;
  /** Whether a stream is to end with its usage: OpenAI Chat leaves it open. */
  readonly includeUsage: boolean;
  /** The request that is answered, for dialects that repeat parts of it (Responses: tools, instructions …). */
  readonly request: CanonicalRequest;
}

/**
 * One dialect, both ways. Pure; decoders are total (whatever comes gives a value or a refusal), encoders take any canonical value and
 * name in `drops` what their dialect cannot say.
 */
export interface Codec {
  readonly dialect: Dialect;
  readonly decodeRequest: (body: JsonObject, place: RequestPlace) => Decoded<CanonicalRequest>;
  readonly encodeRequest: (request: CanonicalRequest, drops: Drops) => JsonObject;
  /** `seed` makes ids unique where the dialect has none. */
  readonly decodeResponse: (body: JsonObject, seed: string) => Decoded<CanonicalResponse>;
  readonly encodeResponse: (
    response: CanonicalResponse,
    stamp: AnswerStamp,
    drops: Drops,
  ) => JsonObject;
  readonly streamDecoder: (seed: string) => StreamDecoder;
  readonly streamEncoder: (stamp: AnswerStamp) => StreamEncoder;
}

export interface StreamDecoder {
  /**
   * Reads one event: its name (SSE `event`, Bedrock's `:event-type`; empty where there is none) and data, and tells what it says. False
   * when it is nothing the dialect knows how to write: the stream is then broken. Data that is well-formed but unknown is `alive`.
   */
  push(name: string, data: string, tell: (event: StreamEvent) => void): boolean;
  /** The provider closed the stream: tells what is outstanding; false when it was cut in the middle. */
  end(tell: (event: StreamEvent) => void): boolean;
}

export interface StreamEncoder {
  /** The events' text on the wire (`data: …\n\n`), several or none. */
  encode(event: StreamEvent): string;
  /** What of the answer so far the dialect has no place for, named as `encodeResponse` names it. Whole once `end` was encoded. */
  readonly dropped: readonly string[];
}
