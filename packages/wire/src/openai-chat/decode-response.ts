/**
 * A whole answer. Source: type `ChatCompletion` of the official SDK; `images` is OpenRouter's, content as a list Mistral's. Read
 * leniently: what is of another kind than it should be is as if it were not there.
 */
import {
  textPart,
  type Annotations,
  type ForeignPart,
  type ImagePart,
  type Part,
} from '../canonical/content.ts';
import { mediaOfUrl } from '../canonical/data-url.ts';
import { heldIn } from '../canonical/held.ts';
import { lenientString, othersIn } from '../canonical/read-member.ts';
import type { CanonicalResponse, Choice } from '../canonical/response.ts';
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../json/value.ts';
import { thinkingChunk } from './decode-content.ts';
import { signText } from './decode-messages.ts';
import { decodeReasoning } from './reasoning-details.ts';
import { ridersOf } from './riders.ts';
import { decodeStop } from './stop-reasons.ts';
import { thoughtSignature } from './tool-call-shape.ts';
import { decodeUsage } from './usage-shape.ts';

export const BODY = new Set(['id', 'object', 'created', 'model', 'choices', 'usage']);
export const CHOICE = new Set(['index', 'message', 'logprobs', 'finish_reason']);
export const MESSAGE = new Set([
  'role',
  'content',
  'refusal',
  'annotations',
  'audio',
  'images',
  'tool_calls',
  'function_call',
  'reasoning',
  'reasoning_content',
  'reasoning_details',
  'extra_content',
]);
const EMPTY: JsonObject = {};

/** Null where the body is no answer of this dialect. */
export function readResponse(body: JsonObject, seed: string): CanonicalResponse | null {
  const choices = body['choices'];
  if (!isJsonArray(choices)) return null;
  const created = body['created'];
  return {
    origin: 'openai-chat',
    id: named(body['id']),
    model: named(body['model']),
    createdAt: typeof created === 'number' && created > 0 ? Math.trunc(created) : null,
    choices: choices.filter(isJsonObject).map((choice, index) => readChoice(choice, index, seed)),
    usage: decodeUsage(body['usage']),
    extensions: othersIn(body, BODY),
  };
}

/** Hosts send an empty string where they have nothing to say. */
export function named(value: JsonValue | undefined): string | null {
  const text = lenientString(value);
  return text === '' ? null : text;
}

function readChoice(choice: JsonObject, index: number, seed: string): Choice {
  const said = choice['message'];
  const message = isJsonObject(said) ? said : EMPTY;
  const parts = readMessage(message, `${seed}_${index}`);
  const stop = decodeStop(lenientString(choice['finish_reason']), heldIn(parts));
  parts.push(...ridersOf(message, MESSAGE, 'message'), ...ridersOf(choice, CHOICE, 'choice'));
  return {
    parts,
    stop: stop.reason,
    stopDetail: stop.detail,
    logprobs: readLogprobs(choice['logprobs']),
  };
}

/** `content` and `refusal` of one are never both there, so they are one list. */
function readLogprobs(logprobs: JsonValue | undefined): readonly JsonValue[] | null {
  if (!isJsonObject(logprobs)) return null;
  const all = [...listOf(logprobs['content']), ...listOf(logprobs['refusal'])];
  return all.length === 0 ? null : all;
}

export function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  return isJsonArray(value) ? value : [];
}

function readMessage(message: JsonObject, seed: string): Part[] {
  const parts: Part[] = decodeReasoning(message);
  readContent(message['content'], parts);
  signText(parts, thoughtSignature(message));
  annotate(parts, message['annotations']);
  const refusal = lenientString(message['refusal']) ?? '';
  if (refusal !== '') parts.push({ kind: 'refusal', text: refusal });
  for (const image of listOf(message['images'])) {
    const part = imageOf(image);
    if (part !== null) parts.push(part);
  }
  const audio = message['audio'];
  if (isJsonObject(audio)) parts.push(audioAnswer(audio));
  for (const [index, call] of listOf(message['tool_calls']).entries()) {
    if (isJsonObject(call)) readCall(call, `call_${seed}_${index}`, parts);
  }
  const legacy = message['function_call'];
  if (isJsonObject(legacy)) {
    const { extra_content } = legacy;
    readCall({ function: legacy, extra_content }, `call_${seed}_function`, parts);
  }
  return parts;
}

function readContent(content: JsonValue | undefined, parts: Part[]): void {
  if (typeof content === 'string' && content !== '') parts.push(textPart(content));
  for (const block of listOf(content)) {
    const part = readBlock(block);
    if (part !== null) parts.push(part);
  }
}

/** One element of a content list, as Mistral writes them; null where it says nothing. */
export function readBlock(block: JsonValue): Part | null {
  if (typeof block === 'string') return block === '' ? null : textPart(block);
  if (!isJsonObject(block)) return null;
  const type = lenientString(block['type']) ?? 'text';
  if (type === 'thinking') return thinkingChunk(block);
  if (type === 'image_url') return imageOf(block);
  if (type !== 'text') return { kind: 'foreign', origin: 'openai-chat', name: type, value: block };
  const text = lenientString(block['text']) ?? '';
  return text === '' ? null : textPart(text);
}

/** `{type: 'image_url', image_url: {url}}` or `{image_url: '…'}`. */
export function imageOf(block: JsonValue): ImagePart | null {
  const link = isJsonObject(block) ? block['image_url'] : null;
  const url = isJsonObject(link) ? link['url'] : link;
  if (typeof url !== 'string') return null;
  return { kind: 'image', source: mediaOfUrl(url), detail: null, cache: null };
}

/** Spoken answers have an id, an end and a transcript, which only this dialect tells. */
export function audioAnswer(value: JsonObject): ForeignPart {
  return { kind: 'foreign', origin: 'openai-chat', name: 'audio', value };
}

/** The citations of this dialect; null where there are none. */
export function annotationsOf(value: JsonValue | undefined): Annotations | null {
  const list = listOf(value);
  return list.length === 0 ? null : { origin: 'openai-chat', list };
}

function annotate(parts: Part[], value: JsonValue | undefined): void {
  const annotations = annotationsOf(value);
  const index = parts.findIndex(({ kind }) => kind === 'text');
  const part = parts[index];
  if (annotations !== null && part?.kind === 'text') parts[index] = { ...part, annotations };
}

/** Hosts exist that send no id, and arguments as an object instead of its text. */
function readCall(call: JsonObject, madeUp: string, parts: Part[]): void {
  const custom = isJsonObject(call['custom']);
  const called = call[custom ? 'custom' : 'function'];
  if (!isJsonObject(called)) return;
  const said = called[custom ? 'input' : 'arguments'] ?? '';
  parts.push({
    kind: 'tool_call',
    id: named(call['id']) ?? madeUp,
    name: lenientString(called['name']) ?? '',
    arguments: typeof said === 'string' ? said : JSON.stringify(said),
    custom,
    signature: thoughtSignature(call),
    cache: null,
  });
}
