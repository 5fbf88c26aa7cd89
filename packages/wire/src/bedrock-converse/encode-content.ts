import type {
  CacheMark,
  MediaSource,
  Part,
  TextPart,
  ThinkingPart,
  ToolCallPart,
  ToolResultPart,
} from '../canonical/content.ts';
import type { Drops } from '../canonical/drops.ts';
import { sealSignature } from '../canonical/signature.ts';
import type { JsonObject } from '../json/value.ts';
import { CONVERSE } from './dialect-name.ts';
import type { DocumentNames } from './document-names.ts';
import { formatInUri, formatOf, type MediaKind } from './media-formats.ts';
import type { ModelTraits } from './model-traits.ts';
import { inputOf } from '../canonical/tool-input.ts';
import { toolUseId } from './tool-use-id.ts';

export interface ContentContext {
  /** What is encoded was said in Converse: it is written as it was, and nothing is fitted. */
  readonly own: boolean;
  /** It goes to a caller, not to a provider: proofs of other origins are carried, sealed. */
  readonly toCaller: boolean;
  readonly traits: ModelTraits;
  readonly documents: DocumentNames;
  readonly drops: Drops;
}

/** The blocks of a turn. Text without a character is left out, since Converse refuses it. */
export function writeBlocks(parts: readonly Part[], context: ContentContext): JsonObject[] {
  const blocks: JsonObject[] = [];
  for (const part of parts) {
    if (!context.own && part.kind === 'text' && !/\S/.test(part.text)) continue;
    const block = writePart(part, context);
    if (block === null) continue;
    blocks.push(block);
    if ('cache' in part && part.cache !== null) blocks.push(...cachePoint(part.cache, context));
  }
  return blocks;
}

/** A cache point where the model has any; none, and named, elsewhere. */
export function cachePoint(
  { ttl }: CacheMark,
  { own, traits, drops }: Pick<ContentContext, 'own' | 'traits' | 'drops'>,
): JsonObject[] {
  if (own || traits.cachePoints) {
    return [{ cachePoint: { type: 'default', ...(ttl === null ? {} : { ttl }) } }];
  }
  drops.add('cache_control');
  return [];
}

function writePart(part: Part, context: ContentContext): JsonObject | null {
  const { drops } = context;
  switch (part.kind) {
    case 'text':
      return writeText(part, drops);
    case 'refusal':
      return { text: part.text };
    case 'thinking':
      return writeThinking(part, context);
    case 'tool_call':
      return writeToolCall(part, context);
    case 'tool_result':
      return writeToolResult(part, context);
    case 'file':
      return writeMedia('document', part, context);
    case 'image':
      if (part.detail !== null && part.detail !== 'auto') drops.add('image_detail');
      return writeMedia('image', part, context);
    case 'audio':
    case 'video':
      return writeMedia(part.kind, part, context);
    default:
      if (part.origin === CONVERSE) return asBlock(part.value);
      drops.addForeign(part);
      return null;
  }
}

function asBlock(value: unknown): JsonObject | null {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it was an object when it was read
  return typeof value === 'object' && value !== null ? (value as JsonObject) : null;
}

function writeText({ text, annotations, signature }: TextPart, drops: Drops): JsonObject {
  if (signature !== null) drops.add('thinking');
  if (annotations === null) return { text };
  if (annotations.origin === CONVERSE) {
    return { citationsContent: { content: [{ text }], citations: annotations.list } };
  }
  drops.add('citations');
  return { text };
}

/** A provider is sent the thoughts that it proves itself; without any proof, those of a conversation in its own dialect. */
function writeThinking(
  { text, signature, sealed }: ThinkingPart,
  { own, toCaller, drops }: ContentContext,
): JsonObject | null {
  if (sealed !== null && (toCaller || sealed.origin === CONVERSE)) {
    return { reasoningContent: { redactedContent: sealSignature(sealed, CONVERSE) } };
  }
  if (signature === null ? own || toCaller : toCaller || signature.origin === CONVERSE) {
    const proof = signature === null ? {} : { signature: sealSignature(signature, CONVERSE) };
    return { reasoningContent: { reasoningText: { text, ...proof } } };
  }
  drops.add('thinking');
  return null;
}

function writeToolCall(part: ToolCallPart, { own, drops }: ContentContext): JsonObject {
  if (part.signature !== null) drops.add('thinking');
  const id = own ? part.id : toolUseId(part.id);
  return { toolUse: { toolUseId: id, name: part.name, input: inputOf(part) } };
}

function writeToolResult(part: ToolResultPart, context: ContentContext): JsonObject {
  const { own, traits, drops } = context;
  const inner = part.content.map((each) => {
    if (each.cache !== null) drops.add('cache_control');
    return { ...each, cache: null };
  });
  const failed = part.isError && (own || traits.resultStatus);
  if (part.isError && !failed) drops.add('is_error');
  return {
    toolResult: {
      toolUseId: own ? part.callId : toolUseId(part.callId),
      content: writeBlocks(inner, context),
      ...(failed ? { status: 'error' } : {}),
    },
  };
}

/** Bytes, or an object in a bucket (`s3://…`): Converse fetches from nowhere else. */
function writeMedia(
  kind: MediaKind,
  part: { readonly kind: string; readonly source: MediaSource; readonly name?: string | null },
  { own, documents, drops }: ContentContext,
): JsonObject | null {
  const written = writeSource(kind, part.source);
  if (written === null) {
    drops.add(part.kind);
    return null;
  }
  if (kind !== 'document') return { [kind]: written };
  const said = part.name ?? null;
  const name = own && said !== null ? said : documents.nameFor(said);
  return { document: { format: written['format'], name, source: written['source'] } };
}

function writeSource(kind: MediaKind, source: MediaSource): JsonObject | null {
  if (source.kind === 'base64') {
    const format = formatOf(kind, source.mediaType);
    return format === null ? null : { format, source: { bytes: source.data } };
  }
  if (source.kind !== 'url' || !source.url.startsWith('s3://')) return null;
  const said = source.mediaType === null ? null : formatOf(kind, source.mediaType);
  const format = said ?? formatInUri(kind, source.url);
  return format === null ? null : { format, source: { s3Location: { uri: source.url } } };
}
