import type { TokenUsage } from './request-record.ts';

/** The one maker of usage: what is left out counts 0. */
export function tokenUsage(counts: {
  readonly [Name in keyof TokenUsage]?: TokenUsage[Name] | undefined;
}): TokenUsage {
  return {
    inputTokens: counts.inputTokens ?? 0,
    outputTokens: counts.outputTokens ?? 0,
    cachedTokens: counts.cachedTokens ?? 0,
    cacheWriteTokens: counts.cacheWriteTokens ?? 0,
    cacheWriteHourTokens: counts.cacheWriteHourTokens ?? 0,
    reasoningTokens: counts.reasoningTokens ?? 0,
    audioInputTokens: counts.audioInputTokens ?? 0,
    audioOutputTokens: counts.audioOutputTokens ?? 0,
    imageInputTokens: counts.imageInputTokens ?? 0,
    imageOutputTokens: counts.imageOutputTokens ?? 0,
    estimated: counts.estimated ?? false,
  };
}

/** Two parts of a call as one. */
export function sumOfUsage(a: TokenUsage, b: TokenUsage): TokenUsage {
  return {
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    cachedTokens: a.cachedTokens + b.cachedTokens,
    cacheWriteTokens: a.cacheWriteTokens + b.cacheWriteTokens,
    cacheWriteHourTokens: a.cacheWriteHourTokens + b.cacheWriteHourTokens,
    reasoningTokens: a.reasoningTokens + b.reasoningTokens,
    audioInputTokens: a.audioInputTokens + b.audioInputTokens,
    audioOutputTokens: a.audioOutputTokens + b.audioOutputTokens,
    imageInputTokens: a.imageInputTokens + b.imageInputTokens,
    imageOutputTokens: a.imageOutputTokens + b.imageOutputTokens,
    estimated: a.estimated || b.estimated,
  };
}

/** Whether two say the same, field by field. */
export function sameUsage(a: TokenUsage | null, b: TokenUsage | null): boolean {
  if (a === b) return true;
  return (
    a !== null &&
    b !== null &&
    a.inputTokens === b.inputTokens &&
    a.outputTokens === b.outputTokens &&
    a.cachedTokens === b.cachedTokens &&
    a.reasoningTokens === b.reasoningTokens &&
    a.estimated === b.estimated &&
    sameParts(a, b)
  );
}

function sameParts(a: TokenUsage, b: TokenUsage): boolean {
  return (
    a.cacheWriteTokens === b.cacheWriteTokens &&
    a.cacheWriteHourTokens === b.cacheWriteHourTokens &&
    a.audioInputTokens === b.audioInputTokens &&
    a.audioOutputTokens === b.audioOutputTokens &&
    a.imageInputTokens === b.imageInputTokens &&
    a.imageOutputTokens === b.imageOutputTokens
  );
}
