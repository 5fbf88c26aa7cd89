import type { TokenUsage } from '@keywell/core/log/request-record';
import { tokenUsage } from '@keywell/core/log/token-usage';
import { readingMatterOf } from '../translate/reading-matter.ts';
import type { Spoken } from '../translate/translation-of.ts';

/** Bytes of English text to one token, for answers whose provider reports no usage. */
const BYTES_PER_TOKEN = 4;

/** A count from sizes alone, flagged as such. */
export function estimateUsage(exchange: Spoken, outputBytes: number): TokenUsage {
  const { textBytes, attachedTokens } = readingMatterOf(exchange);
  return tokenUsage({
    inputTokens: Math.ceil(textBytes / BYTES_PER_TOKEN) + attachedTokens,
    outputTokens: Math.ceil(outputBytes / BYTES_PER_TOKEN),
    estimated: true,
  });
}
