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

function wrongHead({ model, max_tokens: maxTokens }: JsonObject): Refusal | null {
  if (model === undefined) return invalid('model: Field required');
  if (typeof model !== 'string') return invalid('model: Input should be a valid string');
  if (maxTokens === undefined) return invalid('max_tokens: Field required');
  if (!Number.isInteger(maxTokens)) return invalid('max_tokens: Input should be a valid integer');
  return Number(maxTokens) < 1
    ? invalid('max_tokens: Input should be greater than or equal to 1')
    : null;
}

function wrongMessage(message: unknown, at: number): Refusal | null {
  if (!isObject(message)) return invalid(`messages.${at}: Input should be an object`);
  const { role, content } = message;
  if (role !== 'user' && role !== 'assistant') {
    return invalid(`messages.${at}.role: Input should be 'user' or 'assistant'`);
  }
  return typeof content === 'string' || Array.isArray(content)
    ? null
    : invalid(`messages.${at}.content: Field required`);
}

export function readMessages(body: JsonObject): MessagesRequest | Refusal {
  const { messages } = body;
  const wrong = wrongHead(body);
  if (wrong !== null) return wrong;
  if (messages === undefined) return invalid('messages: Field required');
  if (!Array.isArray(messages)) return invalid('messages: Input should be a valid list');
  if (messages.length === 0) return invalid('messages: at least one message is required');
  let bytes = Buffer.byteLength(contentText(body['system']));
  let prompt = '';
  for (const [at, message] of messages.entries()) {
    const refusal = wrongMessage(message, at);
    if (refusal !== null) return refusal;
    const text = isObject(message) ? contentText(message['content']) : '';
    bytes += Buffer.byteLength(text);
    if (isObject(message) && message['role'] === 'user') prompt = text;
  }
  return {
    model: String(body['model']),
    stream: body['stream'] === true,
    inputTokens: estimateTokens(bytes),
    allowance: Number(body['max_tokens']),
    prompt,
  };
}
