/** Canonical parts as Gemini's. Source: `Part` of @google/genai, https://ai.google.dev/api/caching#Part. */
import type {
  AudioPart,
  FilePart,
  ImagePart,
  MediaSource,
  Part,
  PartExtras,
  TextPart,
  ThinkingPart,
  ToolCallPart,
  ToolResultPart,
  VideoPart,
} from '../canonical/content.ts';
import type { Drops } from '../canonical/drops.ts';
import { imageTypeOf } from '../canonical/image-type.ts';
import { extrasFor } from '../canonical/part-extras.ts';
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../json/value.ts';
import { isMadeUp } from './call-ledger.ts';
import { argumentsOf, structureIn } from './call-arguments.ts';
import { mediaTypeOf } from './media-type.ts';
import { said } from '../canonical/said.ts';
import { writeProof } from './proof.ts';

/** For whom parts are written. */
export interface PartTarget {
  readonly drops: Drops;
  /** A caller keeps foreign proofs for their origin; Google must never see them. */
  readonly forCaller: boolean;
  /**
   * Whether it was in Gemini's dialect before, or goes to a caller of it. Only then calls carry their ids and files their names: Vertex
   * AI and older models of AI Studio refuse a request that has one (`Unknown name "id" at 'contents[1].parts[0].function_call'`).
   */
  readonly own: boolean;
  /** Gemini 3 takes pictures and documents inside a tool's result; before it they stand beside it. */
  readonly mediaInResults: boolean;
  readonly toolNames: ReadonlyMap<string, string>;
}

/** What in a part's extras belongs to the part, not to the data in it. */
const OF_PART: ReadonlySet<string> = new Set([
  'thought',
  'thoughtSignature',
  'partMetadata',
  'mediaResolution',
  'mediaProcessing',
  'videoMetadata',
  'speechMetadata',
]);

type MediaPart = ImagePart | FilePart | AudioPart | VideoPart;

/** Puts a part behind others: several for a result whose media stand beside it, none for what Gemini cannot say. */
export function putPart(part: Part, target: PartTarget, into: JsonObject[]): void {
  const { drops } = target;
  switch (part.kind) {
    case 'text':
      into.push(encodeText(part, target));
      return;
    case 'thinking':
      putIf(encodeThinking(part, target), into);
      return;
    case 'tool_call':
      into.push(encodeCall(part, target));
      return;
    case 'tool_result':
      putResult(part, target, into);
      return;
    case 'refusal':
      into.push({ text: part.text });
      return;
    case 'image':
      if (part.detail !== null && part.detail !== 'auto') drops.add('image_detail');
      putIf(encodeMedia(part, target), into);
      return;
    case 'file':
    case 'audio':
    case 'video':
      putIf(encodeMedia(part, target), into);
      return;
    default:
      if (part.origin === 'gemini' && isJsonObject(part.value)) into.push(part.value);
      else drops.addForeign(part);
  }
}

/** A part alone, as `putPart` puts it. */
export function encodePart(part: Part, target: PartTarget): readonly JsonObject[] {
  const encoded: JsonObject[] = [];
  putPart(part, target, encoded);
  return encoded;
}

function putIf(part: JsonObject | null, into: JsonObject[]): void {
  if (part !== null) into.push(part);
}

function encodeText(part: TextPart, target: PartTarget): JsonObject {
  const { text, cache, annotations } = part;
  target.drops.addIf(cache, 'cache_control');
  // In an answer, citations stand beside the content: see `encode-response`.
  if (!target.forCaller) target.drops.addIf(annotations, 'citations');
  const proof = proofFor(part, target);
  if (proof === null && part.extras === undefined) return { text };
  return said({
    text,
    thoughtSignature: proof,
    ...extrasFor(part.extras, 'gemini', target.drops),
  });
}

/** The proof of a text or a call; Google is only told its own. */
function proofFor({ signature }: TextPart | ToolCallPart, target: PartTarget): string | null {
  if (signature === null) return null;
  if (target.forCaller || signature.origin === 'gemini') {
    return writeProof({ signature, sealed: null, id: null });
  }
  target.drops.add('thinking');
  return null;
}

/**
 * A thought that is nothing but Gemini's signature was an empty text with one, which is how a stream of Gemini's ends. A thought that
 * says nothing and proves nothing is left out.
 */
function encodeThinking(part: ThinkingPart, target: PartTarget): JsonObject | null {
  const { text, signature, sealed } = part;
  const proof = sealed ?? signature;
  const readable = proof === null ? target.own : target.forCaller || proof.origin === 'gemini';
  if (!readable) {
    target.drops.add('thinking');
    return null;
  }
  if (text === '' && proof === null) return null;
  const thoughtSignature = writeProof(part);
  if (text === '' && proof?.origin === 'gemini') return said({ text: '', thoughtSignature });
  const extras = extrasFor(part.extras, 'gemini', target.drops);
  return said({ text, thought: true, thoughtSignature, ...extras });
}

function encodeCall(part: ToolCallPart, target: PartTarget): JsonObject {
  const { id, name, custom, cache } = part;
  target.drops.addIf(cache, 'cache_control');
  const [beside, inside] = shared(part.extras, target.drops);
  return said({
    functionCall: said({
      id: target.own && (target.forCaller || !isMadeUp(id)) ? id : null,
      name,
      args: argumentsOf(part.arguments, custom),
      ...inside,
    }),
    thoughtSignature: proofFor(part, target),
    ...beside,
  });
}

type Shared = readonly [beside: JsonObject, inside: JsonObject];
const NOTHING_MORE: Shared = [Object.freeze({}), Object.freeze({})];

/** What of a part's extras belongs to the part, and what to the data in it. */
function shared(extras: PartExtras | undefined, drops: Drops): Shared {
  if (extras === undefined) return NOTHING_MORE;
  const beside: Record<string, JsonValue | undefined> = {};
  const inside: Record<string, JsonValue | undefined> = {};
  const members = extrasFor(extras, 'gemini', drops);
  for (const name of Object.keys(members))
    (OF_PART.has(name) ? beside : inside)[name] = members[name];
  return [beside, inside];
}

/**
 * What a caller of Gemini's dialect wrote as JSON is JSON again; of others Google gets the text that they sent, every digit of it.
 */
function responseOf(text: string, isError: boolean, own: boolean): JsonObject {
  const value = own ? structureIn(text) : null;
  if (isError) return { error: value ?? text };
  return isJsonObject(value) ? value : { output: value ?? text };
}

/** "Use "output" key to specify function output and "error" key to specify error details" (`FunctionResponse.response`). */
function putResult(part: ToolResultPart, target: PartTarget, into: JsonObject[]): void {
  const { drops } = target;
  drops.addIf(part.cache, 'cache_control');
  const texts: string[] = [];
  const media: JsonObject[] = [];
  for (const piece of part.content) {
    if (piece.kind === 'text') texts.push(piece.text);
    else putIf(encodeMedia(piece, target), media);
  }
  const [beside, { parts, ...inside }] = shared(part.extras, drops);
  const kept = parts !== undefined && isJsonArray(parts) ? parts : [];
  const within = target.mediaInResults || target.own ? [...media, ...kept] : [];
  const text = texts.join('\n');
  const result = said({
    functionResponse: said({
      id: target.own && !isMadeUp(part.callId) ? part.callId : null,
      name: part.name ?? target.toolNames.get(part.callId) ?? 'unknown_tool',
      response: responseOf(text, part.isError, target.own),
      parts: within.length === 0 ? null : within,
      ...inside,
    }),
    ...beside,
  });
  into.push(result);
  if (within.length === 0) for (const each of media) into.push(each);
}

function encodeMedia(part: MediaPart, { drops, own }: PartTarget): JsonObject | null {
  if ('cache' in part) drops.addIf(part.cache, 'cache_control');
  const [beside, { mimeType, ...inside }] = shared(part.extras, drops);
  const data = mediaData(part.kind, part.source, mimeType);
  if (data === null) {
    drops.add(part.kind);
    return null;
  }
  const fileName = part.kind === 'file' ? part.name : null;
  if (!own) drops.addIf(fileName, 'filename');
  const [member, value] = data;
  return said({
    [member]: said({ ...value, displayName: own ? fileName : null, ...inside }),
    ...beside,
  });
}

function mediaData(
  kind: MediaPart['kind'],
  source: MediaSource,
  mimeType: JsonValue | undefined,
): readonly [string, JsonObject] | null {
  switch (source.kind) {
    case 'base64':
      return [
        'inlineData',
        {
          mimeType: kind === 'image' ? imageTypeOf(source.mediaType) : source.mediaType,
          data: source.data,
        },
      ];
    case 'url':
      return [
        'fileData',
        { mimeType: mediaTypeOf(kind, source.url, source.mediaType), fileUri: source.url },
      ];
    default:
      return source.origin === 'gemini' ? ['fileData', { mimeType, fileUri: source.id }] : null;
  }
}
