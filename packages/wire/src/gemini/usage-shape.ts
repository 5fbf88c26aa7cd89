/**
 * `usageMetadata`. Source: `GenerateContentResponseUsageMetadata` of @google/genai: the prompt counts what was cached, the candidates leave
 * the thoughts out, results of Google's own tools count apart from the prompt.
 */
import type { Drops } from '../canonical/drops.ts';
import { countsAny, lenientCount } from '../canonical/read-member.ts';
import type { CanonicalUsage } from '../canonical/response.ts';
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../json/value.ts';

const SUMS = [
  'promptTokenCount',
  'candidatesTokenCount',
  'thoughtsTokenCount',
  'toolUsePromptTokenCount',
];

export function decodeUsage(usage: JsonValue | undefined): CanonicalUsage | null {
  if (!isJsonObject(usage) || !countsAny(usage, SUMS)) return null;
  const thoughts = lenientCount(usage['thoughtsTokenCount']);
  return {
    inputTokens:
      lenientCount(usage['promptTokenCount']) + lenientCount(usage['toolUsePromptTokenCount']),
    outputTokens: lenientCount(usage['candidatesTokenCount']) + thoughts,
    cachedTokens: lenientCount(usage['cachedContentTokenCount']),
    cacheWriteTokens: 0,
    reasoningTokens: thoughts,
    audioInputTokens:
      audioIn(usage['promptTokensDetails']) + audioIn(usage['toolUsePromptTokensDetails']),
    audioOutputTokens: audioIn(usage['candidatesTokensDetails']),
  };
}

function audioIn(details: JsonValue | undefined): number {
  if (!isJsonArray(details)) return 0;
  let tokens = 0;
  for (const each of details) {
    if (isJsonObject(each) && each['modality'] === 'AUDIO') {
      tokens += lenientCount(each['tokenCount']);
    }
  }
  return tokens;
}

export function encodeUsage(usage: CanonicalUsage, drops: Drops): JsonObject {
  const { inputTokens, outputTokens, cachedTokens, reasoningTokens } = usage;
  const { audioInputTokens, audioOutputTokens } = usage;
  if (usage.cacheWriteTokens > 0) drops.add('cache_write_tokens');
  const answered = Math.max(outputTokens - reasoningTokens, 0);
  return {
    promptTokenCount: inputTokens,
    cachedContentTokenCount: cachedTokens > 0 ? cachedTokens : undefined,
    candidatesTokenCount: answered,
    thoughtsTokenCount: reasoningTokens > 0 ? reasoningTokens : undefined,
    totalTokenCount: inputTokens + outputTokens,
    promptTokensDetails: modalities(inputTokens, audioInputTokens),
    candidatesTokensDetails: modalities(answered, audioOutputTokens),
  };
}

/** Which tokens were sound; nothing where none were. */
function modalities(all: number, audio: number): JsonValue | undefined {
  if (audio === 0) return undefined;
  return [
    { modality: 'TEXT', tokenCount: Math.max(all - audio, 0) },
    { modality: 'AUDIO', tokenCount: audio },
  ];
}
