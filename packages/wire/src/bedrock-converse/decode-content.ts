/** Content blocks of Converse: objects with one member, which says what they are. */
import type {
  CacheMark,
  FilePart,
  ForeignPart,
  ImagePart,
  MediaSource,
  Part,
  TextPart,
  ThinkingPart,
  ToolCallPart,
  ToolResultPart,
} from '../canonical/content.ts';
import { textPart } from '../canonical/content.ts';
import { objectsIn, optionalString, requiredString, wrongFault } from '../canonical/read-member.ts';
import { openSignature } from '../canonical/signature.ts';
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../json/value.ts';
import { CONVERSE } from './dialect-name.ts';
import { mediaTypeOf, type MediaKind } from './media-formats.ts';
import { argumentsOf } from '../canonical/tool-input.ts';

/**
 * Blocks as parts. A `cachePoint` marks the part before it; where that can carry none, it stays a block. What is not known, or says more
 * than a part can (`s3Location`, `citations` of a document, a server's tool), stays as it is, for whoever speaks Converse.
 */
export function readBlocks(container: JsonObject, name: string, at: string): Part[] {
  const parts: Part[] = [];
  for (const { value, at: place } of objectsIn(container, name, at)) {
    addBlock(parts, value, place);
  }
  return parts;
}

/** The same of a provider's answer: what is malformed is passed over or stays as it is; a call without an id gets one. */
export function readAnsweredBlocks(content: JsonValue | undefined, seed: string): Part[] {
  const parts: Part[] = [];
  for (const block of isJsonArray(content) ? content : []) {
    if (!isJsonObject(block)) continue;
    try {
      addBlock(parts, block, '');
    } catch {
      parts.push(foreign(nameOf(block), block));
    }
    const last = parts.at(-1);
    if (last?.kind === 'tool_call' && last.id === '') {
      parts[parts.length - 1] = { ...last, id: `${seed}_${parts.length - 1}` };
    }
  }
  return parts;
}

function addBlock(parts: Part[], block: JsonObject, at: string): void {
  const name = nameOf(block);
  const mark = name === 'cachePoint' ? cacheMarkIn(block[name]) : null;
  const last = parts.at(-1);
  if (mark !== null && last !== undefined && 'cache' in last && last.cache === null) {
    parts[parts.length - 1] = { ...last, cache: mark };
  } else {
    parts.push(readBlock(name, block, at));
  }
}

/** Null for a cache point that says more than is known. */
export function cacheMarkIn(point: JsonValue | undefined): CacheMark | null {
  if (!isJsonObject(point) || !saysOnly(point, 'type', 'ttl')) return null;
  const ttl = point['ttl'] ?? null;
  return point['type'] === 'default' && (ttl === null || ttl === '5m' || ttl === '1h')
    ? { ttl }
    : null;
}

const nameOf = (block: JsonObject): string =>
  Object.keys(block).find((name) => block[name] !== null && block[name] !== undefined) ?? 'block';

const foreign = (name: string, value: JsonObject): ForeignPart => ({
  kind: 'foreign',
  origin: CONVERSE,
  name,
  value,
});

function readBlock(name: string, block: JsonObject, at: string): Part {
  if (name === 'text') return textPart(requiredString(block, name, at));
  const value = block[name];
  const place = at === '' ? name : `${at}.${name}`;
  if (!isJsonObject(value)) {
    if (Object.keys(block).length === 0) throw wrongFault(at, 'a content block');
    return foreign(name, block);
  }
  return readKnown(name, value, place) ?? foreign(name, block);
}

function readKnown(name: string, value: JsonObject, at: string): Part | null {
  switch (name) {
    case 'image':
      return readImage(value);
    case 'document':
      return readDocument(value, at);
    case 'video':
    case 'audio': {
      const source = readSource(name, value);
      return source === null ? null : { kind: name, source };
    }
    case 'toolUse':
      return readToolUse(value, at);
    case 'toolResult':
      return readToolResult(value, at);
    case 'reasoningContent':
      return readThinking(value, at);
    case 'citationsContent':
      return readCited(value);
    default:
      return null;
  }
}

/** Bytes in the block itself; null where they are elsewhere, of an unknown format, or where more is said of them. */
function readSource(kind: MediaKind, value: JsonObject): MediaSource | null {
  if (!saysOnly(value, 'format', 'source', 'name')) return null;
  const { format, source } = value;
  if (typeof format !== 'string' || !isJsonObject(source) || !saysOnly(source, 'bytes'))
    return null;
  const mediaType = mediaTypeOf(kind, format);
  const data = source['bytes'];
  return mediaType === null || typeof data !== 'string'
    ? null
    : { kind: 'base64', mediaType, data };
}

function readImage(value: JsonObject): ImagePart | null {
  const source = readSource('image', value);
  return source === null ? null : { kind: 'image', source, detail: null, cache: null };
}

function readDocument(value: JsonObject, at: string): FilePart | null {
  const name = requiredString(value, 'name', at);
  const source = readSource('document', value);
  return source === null ? null : { kind: 'file', source, name, cache: null };
}

function readToolUse(value: JsonObject, at: string): ToolCallPart | null {
  if (!saysOnly(value, 'toolUseId', 'name', 'input')) return null;
  return {
    kind: 'tool_call',
    id: requiredString(value, 'toolUseId', at),
    name: requiredString(value, 'name', at),
    arguments: argumentsOf(value['input']),
    custom: false,
    signature: null,
    cache: null,
  };
}

/** JSON in a result becomes its text: no other dialect tells the two apart. */
function readToolResult(value: JsonObject, at: string): ToolResultPart | null {
  if (!saysOnly(value, 'toolUseId', 'content', 'status')) return null;
  const content: (TextPart | ImagePart | FilePart)[] = [];
  for (const { value: block, at: place } of objectsIn(value, 'content', at)) {
    const name = nameOf(block);
    const json = name === 'json' ? block['json'] : undefined;
    const part =
      json === undefined ? readBlock(name, block, place) : textPart(JSON.stringify(json));
    if (part.kind !== 'text' && part.kind !== 'image' && part.kind !== 'file') return null;
    content.push(part);
  }
  return {
    kind: 'tool_result',
    callId: requiredString(value, 'toolUseId', at),
    name: null,
    content,
    isError: value['status'] === 'error',
    cache: null,
  };
}

function readThinking(value: JsonObject, at: string): ThinkingPart | null {
  const bare = { kind: 'thinking', text: '', signature: null, sealed: null, id: null } as const;
  const redacted = value['redactedContent'];
  if (typeof redacted === 'string') return { ...bare, sealed: openSignature(redacted, CONVERSE) };
  const said = value['reasoningText'];
  if (!isJsonObject(said)) return null;
  const place = `${at}.reasoningText`;
  const signature = optionalString(said, 'signature', place);
  return {
    ...bare,
    text: requiredString(said, 'text', place),
    signature: signature === null ? null : openSignature(signature, CONVERSE),
  };
}

/** Text with what it rests on. */
function readCited({ content, citations }: JsonObject): TextPart | null {
  if (!isJsonArray(content) || !isJsonArray(citations)) return null;
  let text = '';
  for (const each of content) {
    if (!isJsonObject(each) || typeof each['text'] !== 'string') return null;
    text += each['text'];
  }
  return { ...textPart(text), annotations: { origin: CONVERSE, list: citations } };
}

function saysOnly(value: JsonObject, ...names: readonly string[]): boolean {
  return Object.keys(value).every((name) => value[name] === null || names.includes(name));
}
