/**
 * What a host of this dialect takes that others refuse. The defaults are what all of them take; the gateway passes a vendor's own.
 */
export interface ChatEncodeOptions {
  /** OpenAI's newer models only take `max_completion_tokens`; many hosts only know `max_tokens`. */
  readonly maxTokensField: 'max_tokens' | 'max_completion_tokens';
  /** OpenAI takes both names for the same thing; most hosts only know `system`. */
  readonly developerRole: 'developer' | 'system';
  /** Whether `cache_control` may stand on content, tools and results (OpenRouter, Anthropic's compatible endpoint). */
  readonly cacheControl: boolean;
  /** How thoughts of earlier turns go back: as text (DeepSeek, Moonshot, Qwen), with their proofs (OpenRouter), or not at all. */
  readonly thinking: 'reasoning_content' | 'reasoning_details' | null;
  /** Whether thinking is asked for by `reasoning_effort` or by OpenRouter's `reasoning` object, which knows budgets. */
  readonly reasoning: 'reasoning_effort' | 'reasoning';
  /** Whether `top_k` may be sent. */
  readonly topK: boolean;
  /** Whether `stream_options` may be sent. */
  readonly streamOptions: boolean;
}

export const CHAT_ENCODE_DEFAULTS: ChatEncodeOptions = Object.freeze({
  maxTokensField: 'max_tokens',
  developerRole: 'system',
  cacheControl: false,
  thinking: null,
  reasoning: 'reasoning_effort',
  topK: false,
  streamOptions: true,
});
