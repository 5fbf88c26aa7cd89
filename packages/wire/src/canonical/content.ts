import type { JsonObject, JsonValue } from '../json/value.ts';
import type { Dialect } from './dialect.ts';

/** Where a prompt cache may end: everything up to and with the part that carries it. Null `ttl` is the provider's default. */
export interface CacheMark {
  readonly ttl: '5m' | '1h' | null;
}

/**
 * Bytes that belong to a part. `base64` is standard base64 without line breaks and without a `data:` prefix; `id` names an upload that
 * only the dialect it came from knows.
 */
export type MediaSource =
  | { readonly kind: 'base64'; readonly mediaType: string; readonly data: string }
  | { readonly kind: 'url'; readonly url: string; readonly mediaType: string | null }
  | { readonly kind: 'id'; readonly id: string; readonly origin: Dialect };

/** What else a dialect says of a part, by the names it has there: `extrasFor` gives it to that dialect and names it to others. */
export interface PartExtras {
  readonly origin: Dialect;
  readonly members: JsonObject;
}

export interface TextPart {
  readonly kind: 'text';
  readonly text: string;
  /** Citations and annotations as the origin writes them; null where there are none. */
  readonly annotations: Annotations | null;
  readonly signature: Signature | null;
  readonly cache: CacheMark | null;
  readonly extras?: PartExtras;
}

/** Only the dialect they came from can read them. */
export interface Annotations {
  readonly origin: Dialect;
  readonly list: readonly JsonValue[];
}

export interface ImagePart {
  readonly kind: 'image';
  readonly source: MediaSource;
  /** OpenAI's `detail`: `low`, `high`, `auto`. */
  readonly detail: string | null;
  readonly cache: CacheMark | null;
  readonly extras?: PartExtras;
}

/** A document: PDF, text, or what else the model reads. */
export interface FilePart {
  readonly kind: 'file';
  readonly source: MediaSource;
  readonly name: string | null;
  readonly cache: CacheMark | null;
  readonly extras?: PartExtras;
}

export interface AudioPart {
  readonly kind: 'audio';
  readonly source: MediaSource;
  readonly extras?: PartExtras;
}

export interface VideoPart {
  readonly kind: 'video';
  readonly source: MediaSource;
  readonly extras?: PartExtras;
}

/** A model's wish to have a tool called. */
export interface ToolCallPart {
  readonly kind: 'tool_call';
  /** Never empty: a decoder makes one up where the dialect has none, the same for the same place. */
  readonly id: string;
  readonly name: string;
  /** JSON text of the arguments, as the model wrote it: it may be no JSON at all. Free text for a `custom` tool. */
  readonly arguments: string;
  /** True for a tool that takes free text instead of JSON. */
  readonly custom: boolean;
  readonly signature: Signature | null;
  readonly cache: CacheMark | null;
  readonly extras?: PartExtras;
}

/** What a tool answered; in canonical form always in a turn of the user. */
export interface ToolResultPart {
  readonly kind: 'tool_result';
  readonly callId: string;
  /** Where the dialect says it; else `toolNameOf` finds it in an earlier turn. */
  readonly name: string | null;
  readonly content: readonly (TextPart | ImagePart | FilePart)[];
  readonly isError: boolean;
  readonly cache: CacheMark | null;
  readonly extras?: PartExtras;
}

/** Opaque proof of a thought; only its origin takes it back, byte for byte. */
export interface Signature {
  readonly origin: Dialect;
  readonly value: string;
}

/** What a model thought before it spoke. */
export interface ThinkingPart {
  readonly kind: 'thinking';
  /** Readable thought or its summary; empty where all of it is sealed. */
  readonly text: string;
  /** Anthropic's `signature`, Gemini's `thoughtSignature`, Bedrock's `signature`. */
  readonly signature: Signature | null;
  /** The whole thought, sealed: Anthropic's `redacted_thinking`, OpenAI's `encrypted_content`. */
  readonly sealed: Signature | null;
  /** Id of OpenAI's reasoning item; null elsewhere. */
  readonly id: string | null;
  /** There where the text is the thought itself and the dialect keeps that apart from a summary: OpenAI's `reasoning_text`. */
  readonly verbatim?: true;
  readonly extras?: PartExtras;
}

/** The model declines, in words. */
export interface RefusalPart {
  readonly kind: 'refusal';
  readonly text: string;
}

/** A block without a canonical form: only its origin can be told it again, everybody else drops it by its name. */
export interface ForeignPart {
  readonly kind: 'foreign';
  readonly origin: Dialect;
  /** The block's type in its dialect: `server_tool_use`, `web_search_call`, `executableCode`. */
  readonly name: string;
  readonly value: JsonValue;
}

export type Part =
  | TextPart
  | ImagePart
  | FilePart
  | AudioPart
  | VideoPart
  | ToolCallPart
  | ToolResultPart
  | ThinkingPart
  | RefusalPart
  | ForeignPart;

/** A text part of which nothing else is known. */
export function textPart(text: string, cache: CacheMark | null = null): TextPart {
  return { kind: 'text', text, annotations: null, signature: null, cache };
}

export const isToolResult = ({ kind }: Part): boolean => kind === 'tool_result';
