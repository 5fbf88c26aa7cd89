import type { JsonObject } from '../json/value.ts';
import type { CacheMark, Part } from './content.ts';
import type { Dialect } from './dialect.ts';

/**
 * A conversation and what is asked of a model, in no provider's dialect. Everything a dialect can say is either here, or rides along in
 * `extensions` for whoever speaks that dialect; nothing is lost without a name. Null is "not said": the provider's default holds.
 */
export interface CanonicalRequest {
  readonly origin: Dialect;
  /** As the caller named it; the gateway puts the target's name in its place. */
  readonly model: string;
  readonly stream: boolean;
  readonly turns: readonly Turn[];
  readonly tools: readonly Tool[];
  readonly toolChoice: ToolChoice | null;
  /** Whether a model may ask for several calls at once. */
  readonly parallelToolCalls: boolean | null;
  /** There where the caller hears of a call as OpenAI Chat told it when tools were `functions`: of one, without an id. */
  readonly legacyFunctions?: true;
  readonly output: OutputFormat | null;
  readonly sampling: Sampling;
  readonly reasoning: Reasoning | null;
  /** An end user's pseudonym, for the provider's abuse detection. */
  readonly user: string | null;
  readonly metadata: Readonly<Record<string, string>> | null;
  readonly serviceTier: string | null;
  readonly promptCacheKey: string | null;
  /** OpenAI's `verbosity`: low, medium, high. */
  readonly verbosity: string | null;
  /** Output kinds beside text, such as `audio`, `image`; null where only text is asked for. */
  readonly modalities: readonly string[] | null;
  readonly store: boolean | null;
  /** Responses' `previous_response_id`. */
  readonly previousResponseId: string | null;
  /** Whether a stream is to tell its usage; only OpenAI Chat leaves it open, elsewhere true. */
  readonly includeUsage: boolean;
  /** Members of the body without a canonical place, by their name in `origin`'s dialect. */
  readonly extensions: JsonObject;
}

/** `system` and `developer` turns may stand anywhere; dialects that take them only at the head move and name them. */
export interface Turn {
  readonly role: 'system' | 'developer' | 'user' | 'assistant';
  /** OpenAI's `name` of a participant. */
  readonly name: string | null;
  readonly parts: readonly Part[];
}

export interface Tool {
  /** `function`: arguments by JSON Schema; `custom`: free text. */
  readonly kind: 'function' | 'custom';
  readonly name: string;
  readonly description: string | null;
  /** JSON Schema of the arguments; null where none is given. */
  readonly parameters: JsonObject | null;
  readonly strict: boolean | null;
  readonly cache: CacheMark | null;
  /** What else its dialect says of it. */
  readonly extensions: JsonObject;
}

/** Tools that a provider runs itself (`web_search`, `code_execution`) have no canonical form and stand in `extensions` of the request, as `tools`. */
export type ToolChoice =
  | { readonly kind: 'auto' }
  | { readonly kind: 'none' }
  /** At least one call, of any tool. */
  | { readonly kind: 'required' }
  | { readonly kind: 'tool'; readonly name: string }
  /** Any of these; `required` says whether one must be called. */
  | { readonly kind: 'allowed'; readonly names: readonly string[]; readonly required: boolean };

export type OutputFormat =
  | { readonly kind: 'text' }
  | { readonly kind: 'json' }
  | {
      readonly kind: 'json_schema';
      readonly name: string | null;
      readonly description: string | null;
      readonly schema: JsonObject;
      readonly strict: boolean | null;
    };

export interface Sampling {
  readonly maxOutputTokens: number | null;
  readonly temperature: number | null;
  readonly topP: number | null;
  readonly topK: number | null;
  readonly stop: readonly string[] | null;
  readonly frequencyPenalty: number | null;
  readonly presencePenalty: number | null;
  readonly seed: number | null;
  /** How many alternative answers. */
  readonly choices: number | null;
  readonly logprobs: boolean | null;
  readonly topLogprobs: number | null;
  readonly logitBias: Readonly<Record<string, number>> | null;
}

export const EFFORTS = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const;
export type Effort = (typeof EFFORTS)[number];

/** How much a model may think. What is not said is null. */
export interface Reasoning {
  readonly effort: Effort | null;
  /** Tokens it may think at most; -1: as the model likes (Gemini). */
  readonly budgetTokens: number | null;
  /** Anthropic's `adaptive`: the model decides by itself. */
  readonly adaptive: boolean;
  /** Whether thoughts, or their summary, are to be told. OpenAI's `summary`, Gemini's `includeThoughts`, Anthropic's `display`. */
  readonly show: boolean | null;
  /** OpenAI's kind of summary: `auto`, `concise`, `detailed`. */
  readonly summary: string | null;
}

export const NO_SAMPLING: Sampling = Object.freeze({
  maxOutputTokens: null,
  temperature: null,
  topP: null,
  topK: null,
  stop: null,
  frequencyPenalty: null,
  presencePenalty: null,
  seed: null,
  choices: null,
  logprobs: null,
  topLogprobs: null,
  logitBias: null,
});

/** A request that says nothing but these; for decoders to spread, so that a new field is not forgotten in one of them. */
export function bareRequest(
  origin: Dialect,
  model: string,
  turns: readonly Turn[],
): CanonicalRequest {
  return {
    origin,
    model,
    stream: false,
    turns,
    tools: [],
    toolChoice: null,
    parallelToolCalls: null,
    output: null,
    sampling: NO_SAMPLING,
    reasoning: null,
    user: null,
    metadata: null,
    serviceTier: null,
    promptCacheKey: null,
    verbosity: null,
    modalities: null,
    store: null,
    previousResponseId: null,
    includeUsage: true,
    extensions: {},
  };
}
