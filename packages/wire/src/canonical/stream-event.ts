import type { JsonValue } from '../json/value.ts';
import type { Annotations, AudioPart, ForeignPart, ImagePart, Signature } from './content.ts';
import type { CanonicalUsage, StopReason } from './response.ts';

/**
 * What a streamed answer says, in order: `start`; then for each part `open`, any number of `text`/`signature`/…, `close`; a `stop` for
 * each choice; `usage` (once, or growing: the last one counts); `end`. Parts of one choice are numbered from 0 in the order they open and
 * several may be open at once. An `error` ends it in place of `end`.
 */
export type StreamEvent =
  | {
      readonly kind: 'start';
      readonly id: string | null;
      readonly model: string | null;
      readonly createdAt: number | null;
    }
  | {
      readonly kind: 'open';
      readonly choice: number;
      readonly part: number;
      readonly of: OpenedPart;
    }
  /** The next characters of the open part: its text, thought, refusal or tool arguments. */
  | { readonly kind: 'text'; readonly choice: number; readonly part: number; readonly text: string }
  /** Proof of a thinking part, a text or a tool call. */
  | {
      readonly kind: 'signature';
      readonly choice: number;
      readonly part: number;
      readonly signature: Signature;
    }
  | {
      readonly kind: 'annotations';
      readonly choice: number;
      readonly part: number;
      readonly annotations: Annotations;
    }
  | {
      readonly kind: 'logprobs';
      readonly choice: number;
      readonly part: number;
      readonly logprobs: JsonValue;
    }
  | { readonly kind: 'close'; readonly choice: number; readonly part: number }
  | {
      readonly kind: 'stop';
      readonly choice: number;
      readonly reason: StopReason;
      readonly detail: string | null;
    }
  | { readonly kind: 'usage'; readonly usage: CanonicalUsage }
  /** Members beside what is said, which only the stream's own dialect has a place for: by their names, each told once. */
  | { readonly kind: 'others'; readonly names: readonly string[] }
  /** Nothing to tell, but the provider is alive (`ping`, empty chunks). */
  | { readonly kind: 'alive' }
  /** The provider's own words, as a whole event's data, for the classifier. */
  | { readonly kind: 'error'; readonly data: string }
  | { readonly kind: 'end' };

/** What a part is, as far as its beginning tells. */
export type OpenedPart =
  | { readonly kind: 'text' }
  | { readonly kind: 'refusal' }
  | {
      readonly kind: 'thinking';
      readonly id: string | null;
      readonly sealed: Signature | null;
      /** As in `ThinkingPart`. */
      readonly verbatim?: true;
    }
  | {
      readonly kind: 'tool_call';
      readonly id: string;
      readonly name: string;
      readonly custom: boolean;
    }
  /** Whole at once: no text follows. */
  | ImagePart
  | AudioPart
  | ForeignPart;
