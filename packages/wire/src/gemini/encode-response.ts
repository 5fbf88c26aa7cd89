import type { AnswerStamp } from '../canonical/codec.ts';
import type { Annotations, Part } from '../canonical/content.ts';
import type { Drops } from '../canonical/drops.ts';
import type { CanonicalResponse, Choice } from '../canonical/response.ts';
import { NO_TOOL_NAMES } from '../canonical/tool-names.ts';
import { isJsonArray, isJsonObject, type JsonObject } from '../json/value.ts';
import { blockReasonOf } from './decode-response.ts';
import { encodePart, type PartTarget } from './encode-content.ts';
import { encodeLogprobs } from './logprobs.ts';
import { said } from './member-names.ts';
import { encodeStop } from './stop-reasons.ts';
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
  const { origin, choices, usage } = response;
  const own = origin === 'gemini' ? response.extensions : {};
  if (origin !== 'gemini') drops.addMembers(response.extensions);
  const others = isJsonArray(own['candidates']) ? own['candidates'] : [];
  const blocked = blockReasonOf(own) !== null && choices.every(({ parts }) => parts.length === 0);
  const kept: Record<string, JsonObject[string]> = {};
  for (const name of Object.keys(own)) if (!MERGED.has(name)) kept[name] = own[name];
  return said({
    candidates: blocked
      ? null
      : choices.map((choice, index) => {
          const other = others[index];
          return encodeChoice(choice, index, isJsonObject(other) ? other : {}, drops);
        }),
    usageMetadata:
      usage === null
        ? null
        : {
            ...encodeUsage(usage, drops),
            ...(isJsonObject(own['usageMetadata']) ? own['usageMetadata'] : {}),
          },
    modelVersion: response.model ?? stamp.model,
    responseId: response.id ?? stamp.id,
    createTime: origin === 'gemini' ? timeOf(response.createdAt) : null,
    ...kept,
  });
}

function timeOf(createdAt: number | null): string | null {
  return createdAt === null ? null : new Date(createdAt * 1000).toISOString();
}

function encodeChoice(choice: Choice, index: number, others: JsonObject, drops: Drops): JsonObject {
  const target = callerTarget(drops);
  const parts = choice.parts.flatMap((part) => encodePart(part, target));
  const logprobs = choice.logprobs === null ? null : encodeLogprobs(choice.logprobs);
  if (logprobs === null) drops.addIf(choice.logprobs, 'logprobs');
  const finishReason = encodeStop({ reason: choice.stop, detail: choice.stopDetail });
  const message = finishReason === 'OTHER' && choice.stopDetail !== 'OTHER';
  return said({
    content: parts.length === 0 ? { role: 'model' } : { parts, role: 'model' },
    finishReason,
    ...(message ? { finishMessage: choice.stopDetail } : NOTHING),
    index,
    ...(logprobs === null ? NOTHING : { logprobsResult: logprobs }),
    ...annotationsOf(choice.parts, drops),
    ...others,
  });
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
