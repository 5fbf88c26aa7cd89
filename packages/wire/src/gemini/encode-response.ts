import type { AnswerStamp } from '../canonical/codec.ts';
import type { Annotations, Part } from '../canonical/content.ts';
import type { Drops } from '../canonical/drops.ts';
import type { CanonicalResponse, Choice } from '../canonical/response.ts';
import { NO_TOOL_NAMES } from '../canonical/tool-names.ts';
import { isJsonArray, isJsonObject, type JsonObject } from '../json/value.ts';
import { blockReasonOf } from './decode-response.ts';
import { putPart, type PartTarget } from './encode-content.ts';
import { encodeLogprobs } from './logprobs.ts';
import { ifSaid, said } from '../canonical/said.ts';
import { encodeStop, nameStop } from './stop-reasons.ts';
import { encodeUsage } from './usage-shape.ts';

const MERGED: ReadonlySet<string> = new Set(['candidates', 'usageMetadata']);

/** What parts of an answer are written for: a caller, who may be told everything. */
export function callerTarget(drops: Drops): PartTarget {
  return { drops, forCaller: true, own: true, mediaInResults: true, toolNames: NO_TOOL_NAMES };
}

/** A prompt that Gemini blocked is told as Gemini does, by `promptFeedback` without candidates. */
export function encodeResponse(
  response: CanonicalResponse,
  stamp: AnswerStamp,
  drops: Drops,
): JsonObject {
  const { origin, usage } = response;
  if (origin !== 'gemini') drops.addMembers(response.extensions);
  const kept = origin === 'gemini' ? response.extensions : NOTHING;
  const answer = {
    candidates: encodeChoices(response.choices, kept, drops),
    usageMetadata: usage === null ? undefined : encodeUsage(usage, drops),
    modelVersion: response.model ?? stamp.model,
    responseId: response.id ?? stamp.id,
    createTime: origin === 'gemini' ? timeOf(response.createdAt) : undefined,
  };
  return origin === 'gemini' ? said(withKept(answer, kept)) : answer;
}

/** What Gemini itself told beside what has a canonical form. */
function withKept(answer: JsonObject, kept: JsonObject): JsonObject {
  const all: Record<string, JsonObject[string]> = { ...answer };
  const { usageMetadata } = answer;
  if (isJsonObject(usageMetadata) && isJsonObject(kept['usageMetadata'])) {
    all['usageMetadata'] = { ...usageMetadata, ...kept['usageMetadata'] };
  }
  for (const name of Object.keys(kept)) if (!MERGED.has(name)) all[name] = kept[name];
  return all;
}

/** Undefined where the prompt was blocked. */
function encodeChoices(
  choices: readonly Choice[],
  kept: JsonObject,
  drops: Drops,
): readonly JsonObject[] | undefined {
  const others = kept['candidates'];
  const blocked = blockReasonOf(kept) !== null && choices.every(({ parts }) => parts.length === 0);
  if (blocked) return undefined;
  const target = callerTarget(drops);
  const candidates: JsonObject[] = [];
  for (const choice of choices) {
    const candidate = encodeChoice(choice, candidates.length, target);
    const other = isJsonArray(others) ? others[candidates.length] : undefined;
    candidates.push(isJsonObject(other) ? said({ ...candidate, ...other }) : candidate);
  }
  return candidates;
}

function timeOf(createdAt: number | null): string | undefined {
  return createdAt === null ? undefined : new Date(createdAt * 1000).toISOString();
}

function encodeChoice(choice: Choice, index: number, target: PartTarget): JsonObject {
  const { drops } = target;
  const parts: JsonObject[] = [];
  for (const part of choice.parts) putPart(part, target, parts);
  const logprobs = choice.logprobs === null ? null : encodeLogprobs(choice.logprobs);
  if (logprobs === null) drops.addIf(choice.logprobs, 'logprobs');
  const stop = { reason: choice.stop, detail: choice.stopDetail };
  nameStop(stop, drops);
  const finishReason = encodeStop(stop);
  const message = finishReason === 'OTHER' && choice.stopDetail !== 'OTHER';
  const candidate = {
    content: parts.length === 0 ? { role: 'model' } : { parts, role: 'model' },
    finishReason,
    finishMessage: message ? ifSaid(choice.stopDetail) : undefined,
    index,
    logprobsResult: ifSaid(logprobs),
  };
  const annotations = annotationsOf(choice.parts, drops);
  return annotations === NOTHING ? candidate : { ...candidate, ...annotations };
}

const NOTHING: JsonObject = Object.freeze({});

/** Gemini's citations stand beside the content; others' are not in its words. */
function annotationsOf(parts: readonly Part[], drops: Drops): JsonObject {
  let members: Record<string, JsonObject[string]> | null = null;
  for (const part of parts) {
    if (part.kind === 'text' && part.annotations !== null) {
      members = Object.assign(members ?? {}, ownAnnotations(part.annotations, drops));
    }
  }
  return members ?? NOTHING;
}

export function ownAnnotations({ origin, list }: Annotations, drops: Drops): JsonObject {
  const members: Record<string, JsonObject[string]> = {};
  if (origin !== 'gemini') {
    if (list.length > 0) drops.add('citations');
    return members;
  }
  for (const each of list) if (isJsonObject(each)) Object.assign(members, each);
  return members;
}
