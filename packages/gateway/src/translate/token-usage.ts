import type { TokenUsage } from '@keywell/core/log/request-record';
import { tokenUsage } from '@keywell/core/log/token-usage';
import type { CanonicalUsage } from '@keywell/wire/canonical/response';

/** What a provider reported, as the log keeps it. */
export function tokenUsageOf(usage: CanonicalUsage): TokenUsage {
  const { inputTokens, outputTokens, cachedTokens, cacheWriteTokens, reasoningTokens } = usage;
  const { cacheWriteHourTokens, audioInputTokens, audioOutputTokens } = usage;
  return tokenUsage({
    inputTokens,
    outputTokens,
    cachedTokens,
    cacheWriteTokens,
    cacheWriteHourTokens,
    reasoningTokens,
    audioInputTokens,
    audioOutputTokens,
  });
}
