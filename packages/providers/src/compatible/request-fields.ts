import type { Dialect } from '@keywell/wire/canonical/dialect';

/**
 * Parameters of a chat as OpenAI's SDK declares them; a test holds them against `ChatCompletionCreateParams`, so that no table of a vendor
 * can name one that does not exist.
 */
export const CHAT_FIELDS = [
  'audio',
  'frequency_penalty',
  'function_call',
  'functions',
  'logit_bias',
  'logprobs',
  'max_completion_tokens',
  'max_tokens',
  'messages',
  'metadata',
  'modalities',
  'model',
  'n',
  'parallel_tool_calls',
  'prediction',
  'presence_penalty',
  'prompt_cache_key',
  'prompt_cache_retention',
  'reasoning_effort',
  'response_format',
  'safety_identifier',
  'seed',
  'service_tier',
  'stop',
  'store',
  'stream',
  'stream_options',
  'temperature',
  'tool_choice',
  'tools',
  'top_logprobs',
  'top_p',
  'user',
  'verbosity',
  'web_search_options',
] as const;

/** Parameters of Anthropic's Messages, held against `MessageCreateParams` likewise. */
export const MESSAGES_FIELDS = [
  'cache_control',
  'container',
  'inference_geo',
  'max_tokens',
  'messages',
  'metadata',
  'model',
  'output_config',
  'service_tier',
  'stop_sequences',
  'stream',
  'system',
  'thinking',
  'tool_choice',
  'tools',
] as const;

interface FieldsOf {
  readonly 'openai-chat': (typeof CHAT_FIELDS)[number];
  readonly 'anthropic-messages': (typeof MESSAGES_FIELDS)[number];
}

/** A parameter at the top of a request's body; dialects that no vendor's table speaks of have none here. */
export type RequestField<D extends Dialect> = D extends keyof FieldsOf ? FieldsOf[D] : never;
