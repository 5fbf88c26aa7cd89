import type { Signature, ToolCallPart } from '../canonical/content.ts';
import { openSignature, sealSignature } from '../canonical/signature.ts';
import { isJsonObject, type JsonObject } from '../json/value.ts';

/**
 * The proof of a thought on a tool call or a message, where Google's compatible endpoint keeps it: `extra_content.google.thought_signature`.
 * Source: https://ai.google.dev/gemini-api/docs/thought-signatures, "OpenAI compatibility".
 */
export function thoughtSignature(holder: JsonObject): Signature | null {
  const extra = holder['extra_content'];
  const google = isJsonObject(extra) ? extra['google'] : null;
  const value = isJsonObject(google) ? google['thought_signature'] : null;
  return typeof value === 'string' && value !== '' ? openSignature(value, 'openai-chat') : null;
}

/** The reverse, as a member to spread. */
export function extraContent(signature: Signature | null): JsonObject {
  if (signature === null) return {};
  const value = sealSignature(signature, 'openai-chat');
  return { extra_content: { google: { thought_signature: value } } };
}

/** A call for a caller who declared `functions`: there is one, and it has no id. Its proof stands in it, as its own is in a call of tools. */
export function encodeFunctionCall(part: ToolCallPart): JsonObject {
  return { name: part.name, arguments: part.arguments, ...extraContent(part.signature) };
}

export function encodeToolCall(part: ToolCallPart, signature: Signature | null): JsonObject {
  const { id, name } = part;
  const extra = extraContent(signature);
  return part.custom
    ? { id, type: 'custom', custom: { name, input: part.arguments }, ...extra }
    : { id, type: 'function', function: { name, arguments: part.arguments }, ...extra };
}
