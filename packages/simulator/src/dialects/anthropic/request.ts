/** Reads and checks Messages requests. Unknown fields are ignored. */
import type { Refusal } from '../../faces/refusal.ts';
import { estimateTokens } from '../estimate-tokens.ts';
import { contentText, isObject } from '../json-body.ts';
import type { JsonObject } from '../json-body.ts';

export interface MessagesRequest {
  readonly model: string;
  readonly stream: boolean;
  readonly inputTokens: number;
  readonly allowance: number;
  readonly prompt: string;
}

/** The face names the type after the status. */
export const invalid = (message: string, status = 400): Refusal => ({
  status,
  body: { message, type: 'invalid_request_error', param: null, code: null },
  headers: [],
});

export function readMessages(body: JsonObject): MessagesRequest | Refusal {
  const { model, messages, system, stream, max_tokens: maxTokens } = body;
  if (model === undefined) return invalid('model: Field required');
  if (typeof model !== 'string') return invalid('model: Input should be a valid string');
  if (maxTokens === undefined) return invalid('max_tokens: Field required');
  if (typeof maxTokens !== 'number' || !Number.isInteger(maxTokens)) {
    return invalid('max_tokens: Input should be a valid integer');
  }
  if (maxTokens < 1) return invalid('max_tokens: Input should be greater than or equal to 1');
  if (messages === undefined) return invalid('messages: Field required');
  if (!Array.isArray(messages)) return invalid('messages: Input should be a valid list');
  if (messages.length === 0) return invalid('messages: at least one message is required');
  let bytes = Buffer.byteLength(contentText(system));
  let prompt = '';
  for (const [at, message] of messages.entries()) {
    if (!isObject(message)) return invalid(`messages.${at}: Input should be an object`);
    const { role, content } = message;
    if (role !== 'user' && role !== 'assistant') {
      return invalid(`messages.${at}.role: Input should be 'user' or 'assistant'`);
    }
    if (typeof content !== 'string' && !Array.isArray(content)) {
      return invalid(`messages.${at}.content: Field required`);
    }
    const text = contentText(content);
    bytes += Buffer.byteLength(text);
    if (role === 'user') prompt = text;
  }
  const inputTokens = estimateTokens(bytes);
  return { model, stream: stream === true, inputTokens, allowance: maxTokens, prompt };
}
