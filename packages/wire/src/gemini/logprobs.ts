/** `logprobsResult`. Source: `LogprobsResult` of @google/genai; OpenAI's `logprobs.content` for the other side. */
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../json/value.ts';

/** Logprobs as Gemini writes them, from Gemini's own or OpenAI's; null where they are neither. */
export function encodeLogprobs(logprobs: JsonValue): JsonObject | null {
  if (isJsonObject(logprobs)) return 'chosenCandidates' in logprobs ? logprobs : null;
  if (!isJsonArray(logprobs)) return null;
  const chosen: JsonObject[] = [];
  const top: JsonObject[] = [];
  for (const each of logprobs) {
    const token = tokenOf(each);
    if (token === null || !isJsonObject(each)) return null;
    chosen.push(token);
    const others = isJsonArray(each['top_logprobs']) ? each['top_logprobs'] : [];
    top.push({ candidates: others.map(tokenOf).filter((other) => other !== null) });
  }
  return { chosenCandidates: chosen, topCandidates: top };
}

function tokenOf(value: JsonValue): JsonObject | null {
  if (!isJsonObject(value)) return null;
  const { token, logprob } = value;
  if (typeof token !== 'string' || typeof logprob !== 'number') return null;
  return { token, logProbability: logprob };
}
