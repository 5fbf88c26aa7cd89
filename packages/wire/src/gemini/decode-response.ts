/** A GenerateContentResponse. Source: https://ai.google.dev/api/generate-content#v1beta.GenerateContentResponse, @google/genai. */
import type { Decoded } from '../canonical/codec.ts';
import type { Part } from '../canonical/content.ts';
import { lenientString, NO_OTHERS, othersIn } from '../canonical/read-member.ts';
import type { CanonicalResponse, Choice } from '../canonical/response.ts';
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../json/value.ts';
import { CallLedger } from './call-ledger.ts';
import { decodeAnsweredPart } from './decode-content.ts';
import { said } from '../canonical/said.ts';
import { camelMembers, unlessEmpty } from './member-names.ts';
import { decodeStop } from './stop-reasons.ts';
import { decodeUsage } from './usage-shape.ts';

export const KNOWN = new Set([
  'candidates',
  'usageMetadata',
  'modelVersion',
  'responseId',
  'createTime',
]);
export const KNOWN_OF_CANDIDATE = new Set(['content', 'finishReason', 'index', 'logprobsResult']);
/** What belongs to a candidate's text as its citations. */
export const ANNOTATIONS = ['groundingMetadata', 'citationMetadata', 'urlContextMetadata'] as const;
export const KNOWN_USAGE = new Set([
  'promptTokenCount',
  'cachedContentTokenCount',
  'candidatesTokenCount',
  'thoughtsTokenCount',
  'toolUsePromptTokenCount',
  'totalTokenCount',
  'promptTokensDetails',
  'cacheTokensDetails',
  'candidatesTokensDetails',
  'toolUsePromptTokensDetails',
]);

/**
 * A blocked prompt is a choice without parts. Extensions hold `candidates` (one object for each, with its safety ratings and the like)
 * and `usageMetadata` (what is no count) beside what the answer itself has more.
 */
export function decodeResponse(body: JsonObject, seed: string): Decoded<CanonicalResponse> {
  const candidates = isJsonArray(body['candidates']) ? body['candidates'].filter(isJsonObject) : [];
  const blocked = blockReasonOf(body);
  if (candidates.length === 0 && blocked === null && !isJsonObject(body['usageMetadata'])) {
    const message = 'The provider sent neither candidates nor a reason why there are none.';
    return { ok: false, code: 'upstream_invalid', message, param: null };
  }
  const choices: Choice[] = [];
  const others: JsonObject[] = [];
  let tellsMore = false;
  for (const candidate of inOrder(candidates)) {
    const { choice, other } = decodeCandidate(candidate, `${seed}_${choices.length}`);
    choices.push(choice);
    others.push(other);
    tellsMore ||= other !== NO_OTHERS;
  }
  if (choices.length === 0) choices.push({ parts: [], ...stopOf(blocked), logprobs: null });
  const { usageMetadata } = body;
  const beside = othersIn(body, KNOWN);
  const usage = isJsonObject(usageMetadata) ? othersIn(usageMetadata, KNOWN_USAGE) : NO_OTHERS;
  return {
    ok: true,
    value: {
      origin: 'gemini',
      id: lenientString(body['responseId']),
      model: lenientString(body['modelVersion']),
      createdAt: secondsOf(body['createTime']),
      choices,
      usage: decodeUsage(usageMetadata),
      extensions:
        tellsMore || usage !== NO_OTHERS
          ? said({
              ...beside,
              candidates: tellsMore ? others : null,
              usageMetadata: unlessEmpty(usage),
            })
          : beside,
    },
  };
}

/** Why the prompt was refused; null where it was not. */
export function blockReasonOf(body: JsonObject): string | null {
  const feedback = body['promptFeedback'];
  return isJsonObject(feedback) ? lenientString(feedback['blockReason']) : null;
}

/** Where a prompt was blocked, or an answer has nothing at all. */
function stopOf(blocked: string | null): Pick<Choice, 'stop' | 'stopDetail'> {
  return blocked === null
    ? { stop: 'other', stopDetail: null }
    : { stop: 'content_filter', stopDetail: blocked };
}

export function secondsOf(createTime: JsonValue | undefined): number | null {
  if (typeof createTime !== 'string') return null;
  const ms = Date.parse(createTime);
  return Number.isFinite(ms) ? Math.floor(ms / 1000) : null;
}

/** By their index, where all have one that fits. */
function inOrder(candidates: readonly JsonObject[]): readonly JsonObject[] {
  if (candidates.length < 2) return candidates;
  const places: JsonObject[] = [];
  for (const [place, candidate] of candidates.entries()) {
    const index = candidate['index'] ?? place;
    if (typeof index !== 'number' || !(index in candidates) || index in places) return candidates;
    places[index] = candidate;
  }
  return places;
}

const OF_ANNOTATIONS: ReadonlySet<string> = new Set(ANNOTATIONS);

interface DecodedCandidate {
  readonly choice: Choice;
  /** What else its candidate has. */
  readonly other: JsonObject;
}

function decodeCandidate(raw: JsonObject, seed: string): DecodedCandidate {
  const candidate = camelMembers(raw);
  const parts = partsOf(candidate['content'], seed);
  const called = parts.some(isCall);
  const stop = decodeStop(lenientString(candidate['finishReason']) ?? 'STOP', called);
  const annotated = annotate(parts, candidate);
  const others = othersIn(candidate, KNOWN_OF_CANDIDATE);
  return {
    choice: {
      parts: annotated ?? parts,
      stop: stop.reason,
      stopDetail: stop.detail,
      logprobs: candidate['logprobsResult'] ?? null,
    },
    other: annotated === null ? others : othersIn(others, OF_ANNOTATIONS),
  };
}

const isCall = ({ kind }: Part): boolean => kind === 'tool_call';

function partsOf(content: JsonValue | undefined, seed: string): readonly Part[] {
  if (!isJsonObject(content) || !isJsonArray(content['parts'])) return [];
  const calls = new CallLedger(seed);
  const parts: Part[] = [];
  for (const told of content['parts']) {
    const part = isJsonObject(told) ? withoutEmptyText(decodeAnsweredPart(told, calls)) : null;
    if (part !== null) parts.push(part);
  }
  return parts;
}

/** An empty text is nothing, or a signature alone, which other dialects can only keep as a thought. */
export function withoutEmptyText(part: Part): Part | null {
  if (part.kind === 'thinking') {
    return part.text === '' && part.signature === null && part.sealed === null ? null : part;
  }
  if (part.kind !== 'text' || part.text !== '') return part;
  return part.signature === null
    ? null
    : { kind: 'thinking', text: '', signature: part.signature, sealed: null, id: null };
}

/** The last part with what its candidate cites, if it is a text; null where there is nothing to tell, or no place for it. */
function annotate(parts: readonly Part[], candidate: JsonObject): readonly Part[] | null {
  const list = annotationsIn(candidate);
  const last = parts.at(-1);
  if (list.length === 0 || last?.kind !== 'text') return null;
  return [...parts.slice(0, -1), { ...last, annotations: { origin: 'gemini', list } }];
}

export function annotationsIn(candidate: JsonObject): readonly JsonObject[] {
  let list: JsonObject[] | null = null;
  for (const name of ANNOTATIONS) {
    const value = candidate[name];
    if (isJsonObject(value)) (list ??= []).push({ [name]: value });
  }
  return list ?? NO_ANNOTATIONS;
}

const NO_ANNOTATIONS: readonly JsonObject[] = Object.freeze([]);
