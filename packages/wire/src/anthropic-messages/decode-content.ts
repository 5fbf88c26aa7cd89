/** Content of a turn, as a caller sends it: a string, or blocks. Blocks that are not known stay whole, as `foreign` parts. */
import {
  textPart,
  type FilePart,
  type ForeignPart,
  type ImagePart,
  type Part,
  type TextPart,
  type ToolCallPart,
  type ToolResultPart,
} from '../canonical/content.ts';
import {
  missingFault,
  objectsIn,
  optionalArray,
  optionalBoolean,
  othersIn,
  pathOf,
  requiredString,
  wrongFault,
} from '../canonical/read-member.ts';
import { isJsonArray, isJsonObject, type JsonObject } from '../json/value.ts';
import { readCache } from './cache-control.ts';
import { extrasIn, extrasOf, readDocument, readImage, textIn } from './decode-media.ts';
import { readRedacted, readThinking, withCarried, type Carried } from './decode-thinking.ts';
import { MESSAGES } from './dialect-name.ts';
import { argumentsOf } from '../canonical/tool-input.ts';

const TEXT_MEMBERS = new Set(['type', 'text', 'citations', 'cache_control']);
const CALL_MEMBERS = new Set(['type', 'id', 'name', 'input', 'cache_control']);
const RESULT_MEMBERS = new Set(['type', 'tool_use_id', 'content', 'is_error', 'cache_control']);

export function readContent(message: JsonObject, at: string): readonly Part[] {
  const content = message['content'] ?? null;
  const place = pathOf(at, 'content');
  if (content === null) throw missingFault(place);
  if (typeof content === 'string') return [textPart(content)];
  if (!isJsonArray(content)) throw wrongFault(place, 'a string or an array of blocks');
  const parts: Part[] = [];
  const carried: Carried[] = [];
  let textIndex = -1;
  for (const block of objectsIn(message, 'content', at)) {
    const part = readBlock(block.value, block.at, carried, textIndex);
    if (part === null) continue;
    if (part.kind === 'text') textIndex = parts.length;
    parts.push(part);
  }
  return carried.length === 0 ? parts : withCarried(parts, carried);
}

/** `system`, or the content of a message of the system role: a string or text blocks. */
export function readSystem(holder: JsonObject, name: string, at: string): readonly TextPart[] {
  const value = holder[name] ?? null;
  if (value === null) return [];
  if (typeof value === 'string') return [textPart(value)];
  if (!isJsonArray(value))
    throw wrongFault(pathOf(at, name), 'a string or an array of text blocks');
  return objectsIn(holder, name, at).map((block) => {
    const type = requiredString(block.value, 'type', block.at);
    if (type !== 'text') throw wrongFault(pathOf(block.at, 'type'), '"text"');
    return readText(block.value, block.at);
  });
}

function readBlock(
  block: JsonObject,
  at: string,
  carried: Carried[],
  textIndex: number,
): Part | null {
  const type = requiredString(block, 'type', at);
  switch (type) {
    case 'text':
      return readText(block, at);
    case 'image':
      return readImage(block, at) ?? foreign(type, block);
    case 'document':
      return readDocument(block, at) ?? foreign(type, block);
    case 'tool_use':
      return readCall(block, at);
    case 'tool_result':
      return readResult(block, at);
    case 'thinking':
      return readThinking(block, at);
    case 'redacted_thinking':
      return readRedacted(block, at, carried, textIndex);
    default:
      return foreign(type, block);
  }
}

function foreign(name: string, value: JsonObject): ForeignPart {
  return { kind: 'foreign', origin: MESSAGES, name, value };
}

function readText(block: JsonObject, at: string): TextPart {
  const list = optionalArray(block, 'citations', at) ?? [];
  return {
    kind: 'text',
    text: requiredString(block, 'text', at),
    annotations: list.length === 0 ? null : { origin: MESSAGES, list },
    signature: null,
    cache: readCache(block, at),
    ...extrasIn(block, TEXT_MEMBERS),
  };
}

function readCall(block: JsonObject, at: string): ToolCallPart {
  const id = requiredString(block, 'id', at);
  if (id === '') throw wrongFault(pathOf(at, 'id'), 'a string that is not empty');
  return {
    kind: 'tool_call',
    id,
    name: requiredString(block, 'name', at),
    arguments: argumentsOf(block['input']),
    custom: false,
    signature: null,
    cache: readCache(block, at),
    ...callExtras(block),
  };
}

/** What a call says beside its own; that a model called it directly goes without saying. */
export function callExtras(block: JsonObject): ReturnType<typeof extrasOf> {
  const members = othersIn(block, CALL_MEMBERS);
  const { caller, ...others } = members;
  const direct = isJsonObject(caller) && caller['type'] === 'direct';
  return extrasOf(direct ? others : members);
}

function readResult(block: JsonObject, at: string): ToolResultPart {
  const { content, kept } = resultContent(block, at);
  const members = othersIn(block, RESULT_MEMBERS);
  return {
    kind: 'tool_result',
    callId: requiredString(block, 'tool_use_id', at),
    name: null,
    content,
    isError: optionalBoolean(block, 'is_error', at) ?? false,
    cache: readCache(block, at),
    ...extrasOf(kept === null ? members : { ...members, content: kept }),
  };
}

/** `kept` is all of it as it came, where a block has no canonical form: others see the texts that are in it. */
function resultContent(block: JsonObject, at: string) {
  const value = block['content'] ?? null;
  if (value === null) return { content: [], kept: null };
  if (typeof value === 'string') return { content: [textPart(value)], kept: null };
  const content: (TextPart | ImagePart | FilePart)[] = [];
  let kept = null;
  for (const { value: inner, at: place } of objectsIn(block, 'content', at)) {
    const type = requiredString(inner, 'type', place);
    const part =
      type === 'text'
        ? readText(inner, place)
        : type === 'image'
          ? readImage(inner, place)
          : type === 'document'
            ? readDocument(inner, place)
            : null;
    if (part !== null) {
      content.push(part);
      continue;
    }
    kept = value;
    const text = isJsonArray(inner['content']) ? textIn(inner['content'], place) : '';
    if (text !== '') content.push(textPart(text));
  }
  return { content, kept };
}
