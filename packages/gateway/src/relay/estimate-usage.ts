import type { TokenUsage } from '@keywell/core/log/request-record';
import { tokenUsage } from '@keywell/core/log/token-usage';

/** Bytes of English text to one token, for answers whose provider reports no usage. */
const BYTES_PER_TOKEN = 4;

/** A count from sizes alone, flagged as such. */
export function estimateUsage(inputBytes: number, outputBytes: number): TokenUsage {
  return tokenUsage({
    inputTokens: Math.ceil(inputBytes / BYTES_PER_TOKEN),
    outputTokens: Math.ceil(outputBytes / BYTES_PER_TOKEN),
    estimated: true,
  });
}
