import type { RequestFault } from '@keywell/core/keys/verdict';
import type { ErrorBody } from './error-body.ts';

const CONTEXT_CODES: ReadonlySet<string> = new Set([
  'context_length_exceeded',
  'context_window_exceeded',
  'model_context_window_exceeded',
  'string_above_max_length',
]);

/**
 * The wording of hosts that name no code: OpenAI and what copies it ("maximum context length is"), Anthropic ("prompt is too long"),
 * Gemini ("input token count (…) exceeds the maximum"), Bedrock ("Input is too long for requested model"), Groq, vLLM, Mistral.
 */
const CONTEXT_WORDS =
  /maximum context length|context (?:length|window) (?:is|of|exceeded|limit)|exceeds? the (?:model's )?(?:maximum )?context|prompt is too long|input is too long|input token count \(?\d+\)? exceeds|too many (?:input )?tokens|prompt contains \d+ tokens/i;

const FILTER_CODES: ReadonlySet<string> = new Set([
  'content_filter',
  'content_policy_violation',
  'moderation_blocked',
  'ResponsibleAIPolicyViolation',
  'data_inspection_failed',
  'sensitive_words_detected',
]);

/**
 * OpenAI's and Azure's code for `encrypted_content` that another organization was given. Source: the error bodies in
 * https://github.com/openai/codex/issues/8145 and https://github.com/openai/codex/issues/8100 (Azure).
 */
const FOREIGN_PROOF = 'invalid_encrypted_content';

/** What of a request that was the caller's fault another model or organization might take. A sentence is only believed that a provider wrote as an error. */
export function requestFaultOf({ code, type, message }: ErrorBody): RequestFault | undefined {
  if (FILTER_CODES.has(code) || FILTER_CODES.has(type)) return 'content_filter';
  if (code === FOREIGN_PROOF) return 'foreign_proof';
  if (CONTEXT_CODES.has(code) || CONTEXT_CODES.has(type)) return 'context_length';
  return CONTEXT_WORDS.test(message.slice(0, 1000)) ? 'context_length' : undefined;
}
