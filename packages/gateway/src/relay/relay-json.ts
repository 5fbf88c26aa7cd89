import { tokenUsage } from '@keywell/core/log/token-usage';
import { readResponse } from '@keywell/wire/openai-chat/response';
import type { Exchange } from '../pipeline/exchange.ts';

/** Bytes of English text to one token, for answers whose provider reports no usage. */
const BYTES_PER_TOKEN = 4;

/** Whether a body is the whole answer it claims to be, and what it cost. The body itself goes to the caller byte for byte. */
export function relayJson(
  exchange: Exchange,
  body: Uint8Array,
): 'whole' | 'error_inside' | 'not_json' {
  const operation = exchange.operation;
  if (
    operation !== 'chat.completions' &&
    operation !== 'completions' &&
    operation !== 'embeddings'
  ) {
    return 'not_json';
  }
  const answer = readResponse(body, operation);
  if (!answer.ok) return 'not_json';
  if (answer.error) return 'error_inside';
  exchange.usage = answer.usage ?? estimateUsage(exchange.body.byteLength, body.byteLength);
  return 'whole';
}

/** A count from sizes alone, flagged as such. */
export function estimateUsage(inputBytes: number, outputBytes: number) {
  return tokenUsage({
    inputTokens: Math.ceil(inputBytes / BYTES_PER_TOKEN),
    outputTokens: Math.ceil(outputBytes / BYTES_PER_TOKEN),
    estimated: true,
  });
}
