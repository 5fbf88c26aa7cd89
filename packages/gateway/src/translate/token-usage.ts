import type { TokenUsage } from '@keywell/core/log/request-record';
import type { CanonicalUsage } from '@keywell/wire/canonical/response';

/** What a provider reported, as the log keeps it. */
export function tokenUsageOf(usage: CanonicalUsage): TokenUsage {
  return {
    inputTokens: usage.inputTokens,
    outputTokens: usage.outputTokens,
    cachedTokens: usage.cachedTokens,
    reasoningTokens: usage.reasoningTokens,
    estimated: false,
  };
}
