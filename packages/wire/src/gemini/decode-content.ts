/** Gemini's parts as canonical ones. Source: `Part` of @google/genai, https://ai.google.dev/api/caching#Part. */
import {
  textPart,
  type FilePart,
  type ImagePart,
  type MediaSource,
  type Part,
  type PartExtras,
  type TextPart,
  type ThinkingPart,
  type ToolCallPart,
  type ToolResultPart,
} from '../canonical/content.ts';
import {
  NO_OTHERS,
  objectsIn,
  optionalObject,
  optionalString,
  othersIn,
  pathOf,
  requiredString,
} from '../canonical/read-member.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../json/value.ts';
import type { CallLedger } from './call-ledger.ts';
import { camelMembers } from './member-names.ts';
import { readProof } from './proof.ts';

const TEXT = new Set(['text', 'thought', 'thoughtSignature']);
const CALL = new Set(['functionCall', 'thoughtSignature']);
const CALL_MEMBERS = new Set(['id', 'name', 'args']);
const RESULT = new Set(['functionResponse']);
const RESULT_MEMBERS = new Set(['id', 'name', 'response', 'parts']);
const INLINE = new Set(['inlineData']);
const LINKED = new Set(['fileData']);

/** Throws a `DecodeFault` where a member has the wrong kind. */
export function decodePart(raw: JsonObject, at: string, calls: CallLedger): Part {
  const part = camelMembers(raw);
  if (said(part['functionCall'])) return decodeCall(part, at, calls);
  if (said(part['functionResponse'])) return decodeResult(part, at, calls);
  if (said(part['inlineData'])) return decodeInline(part, at);
  if (said(part['fileData'])) return decodeLinked(part, at);
  if (said(part['text'])) return decodeText(part, at);
  if (typeof part['thoughtSignature'] === 'string') return decodeText({ ...part, text: '' }, at);
  const name = Object.keys(part).find((member) => isJsonObject(part[member])) ?? 'part';
  return { kind: 'foreign', origin: 'gemini', name, value: raw };
}

/** To be spread into a part: nothing where nothing else is said. */
function extrasOf(members: JsonObject): { readonly extras?: PartExtras } {
  return Object.keys(members).length === 0 ? {} : { extras: { origin: 'gemini', members } };
}

const said = (value: JsonValue | undefined): boolean => value !== undefined && value !== null;

function decodeText(part: JsonObject, at: string): TextPart | ThinkingPart {
  const text = requiredString(part, 'text', at);
  const signature = optionalString(part, 'thoughtSignature', at);
  const others = othersIn(part, TEXT);
  if (signature === null && others === NO_OTHERS && part['thought'] !== true) return textPart(text);
  const proof = signature === null ? null : readProof(signature);
  if (part['thought'] === true) {
    return {
      kind: 'thinking',
      text,
      signature: proof?.signature ?? null,
      sealed: proof?.sealed ?? null,
      id: proof?.id ?? null,
      ...extrasOf(others),
    };
  }
  return {
    ...textPart(text),
    signature: proof?.signature ?? proof?.sealed ?? null,
    ...extrasOf(others),
  };
}

function decodeCall(part: JsonObject, at: string, calls: CallLedger): ToolCallPart {
  const place = pathOf(at, 'functionCall');
  const call = camelMembers(optionalObject(part, 'functionCall', at) ?? {});
  const name = requiredString(call, 'name', place);
  const signature = optionalString(part, 'thoughtSignature', at);
  const others = { ...othersIn(call, CALL_MEMBERS), ...othersIn(part, CALL) };
  return {
    kind: 'tool_call',
    id: calls.called(optionalString(call, 'id', place), name),
    name,
    arguments: JSON.stringify(optionalObject(call, 'args', place) ?? {}),
    custom: false,
    signature: signature === null ? null : readProof(signature).signature,
    cache: null,
    ...extrasOf(others),
  };
}

/**
 * The result's text is its `output` or `error`, where it has nothing else, and all of it as JSON otherwise: Google reads a `response`
 * without the two as the output.
 */
function decodeResult(part: JsonObject, at: string, calls: CallLedger): ToolResultPart {
  const place = pathOf(at, 'functionResponse');
  const result = camelMembers(optionalObject(part, 'functionResponse', at) ?? {});
  const name = requiredString(result, 'name', place);
  const response = optionalObject(result, 'response', place) ?? {};
  const [only, more] = Object.keys(response);
  const value = more === undefined && only !== undefined ? response[only] : undefined;
  const isError = only === 'error' && value !== undefined;
  const told = isError || (only === 'output' && value !== undefined) ? value : response;
  const { content, media } = decodeResultMedia(result, place);
  const others = {
    ...(media.length === 0 ? {} : { parts: media }),
    ...othersIn(result, RESULT_MEMBERS),
    ...othersIn(part, RESULT),
  };
  return {
    kind: 'tool_result',
    callId: calls.answered(optionalString(result, 'id', place), name),
    name,
    content: [textPart(typeof told === 'string' ? told : JSON.stringify(told ?? {})), ...content],
    isError,
    cache: null,
    ...extrasOf(others),
  };
}

/** Pictures and documents in a result; sounds and films have no canonical place there. */
function decodeResultMedia(result: JsonObject, place: string) {
  const content: (ImagePart | FilePart)[] = [];
  const media: JsonValue[] = [];
  for (const { value, at } of objectsIn(result, 'parts', place)) {
    const decoded = decodeMedia(camelMembers(value), at);
    if (decoded.kind === 'image' || decoded.kind === 'file') content.push(decoded);
    else media.push(value);
  }
  return { content, media };
}

function decodeMedia(part: JsonObject, at: string): Part {
  if (said(part['inlineData'])) return decodeInline(part, at);
  if (said(part['fileData'])) return decodeLinked(part, at);
  return { kind: 'foreign', origin: 'gemini', name: 'part', value: part };
}

function decodeInline(part: JsonObject, at: string): Part {
  // Pictures among the thoughts are Gemini's own matter.
  if (part['thought'] === true) {
    return { kind: 'foreign', origin: 'gemini', name: 'thought', value: part };
  }
  const place = pathOf(at, 'inlineData');
  const blob = camelMembers(optionalObject(part, 'inlineData', at) ?? {});
  const mediaType = requiredString(blob, 'mimeType', place);
  const data = standardBase64(requiredString(blob, 'data', place));
  const name = optionalString(blob, 'displayName', place);
  const others = othersIn(part, INLINE);
  return mediaPart({ kind: 'base64', mediaType, data }, mediaType, name, others);
}

/** proto3 JSON takes both alphabets of base64. */
function standardBase64(data: string): string {
  return data.includes('-') || data.includes('_')
    ? data.replaceAll('-', '+').replaceAll('_', '/')
    : data;
}

/** Google's own places (`gs://…`, files of its Files API) are ids: nobody else can read them. */
const GOOGLE_FILE = /^(?:gs:|files\/|https:\/\/generativelanguage\.googleapis\.com\/)/;

function decodeLinked(part: JsonObject, at: string): Part {
  const place = pathOf(at, 'fileData');
  const file = camelMembers(optionalObject(part, 'fileData', at) ?? {});
  const url = requiredString(file, 'fileUri', place);
  const mediaType = optionalString(file, 'mimeType', place);
  const name = optionalString(file, 'displayName', place);
  const others = othersIn(part, LINKED);
  if (!GOOGLE_FILE.test(url)) {
    return mediaPart({ kind: 'url', url, mediaType }, mediaType, name, others);
  }
  const withType = mediaType === null ? others : { ...others, mimeType: mediaType };
  return mediaPart({ kind: 'id', id: url, origin: 'gemini' }, mediaType, name, withType);
}

function mediaPart(
  source: MediaSource,
  mediaType: string | null,
  name: string | null,
  others: JsonObject,
): Part {
  const named = name === null ? others : { ...others, displayName: name };
  switch (mediaType?.slice(0, mediaType.indexOf('/'))) {
    case 'image':
      return { kind: 'image', source, detail: null, cache: null, ...extrasOf(named) };
    case 'audio':
      return { kind: 'audio', source, ...extrasOf(named) };
    case 'video':
      return { kind: 'video', source, ...extrasOf(named) };
    default:
      return { kind: 'file', source, name, cache: null, ...extrasOf(others) };
  }
}

/** A part of an answer, read leniently: what is not as it should be rides along whole. */
export function decodeAnsweredPart(raw: JsonObject, calls: CallLedger): Part {
  try {
    return decodePart(raw, '', calls);
  } catch {
    return { kind: 'foreign', origin: 'gemini', name: 'part', value: raw };
  }
}
