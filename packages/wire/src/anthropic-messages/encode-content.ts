/** Parts of a turn as blocks for a provider of this dialect; null, and named, for what it cannot be told. */
import type { Part, TextPart, ThinkingPart, ToolResultPart } from '../canonical/content.ts';
import type { Drops } from '../canonical/drops.ts';
import { extrasFor } from '../canonical/part-extras.ts';
import { isJsonObject, type JsonObject } from '../json/value.ts';
import { cacheMember } from './cache-control.ts';
import { MESSAGES } from './dialect-name.ts';
import { documentBlock, imageBlock } from './encode-media.ts';
import { toolUseId } from './tool-id.ts';
import { inputOf } from '../canonical/tool-input.ts';

export interface EncodeContext {
  readonly drops: Drops;
  /** Whether the request was said in this dialect: it is then written as it was, for the provider to judge. */
  readonly own: boolean;
}

export function blockFor(part: Part, context: EncodeContext): JsonObject | null {
  const { drops } = context;
  switch (part.kind) {
    case 'text':
      return textBlock(part, drops);
    case 'refusal':
      return { type: 'text', text: part.text };
    case 'image':
      return imageBlock(part, drops);
    case 'file':
      return documentBlock(part, drops);
    case 'tool_call':
      if (part.signature !== null) drops.add('thinking');
      return {
        type: 'tool_use',
        id: toolUseId(part.id),
        name: part.name,
        input: inputOf(part),
        ...cacheMember(part.cache),
        ...extrasFor(part.extras, MESSAGES, drops),
      };
    case 'tool_result':
      return resultBlock(part, context);
    case 'thinking':
      return thinkingBlock(part, drops);
    case 'foreign':
      if (part.origin === MESSAGES && isJsonObject(part.value)) return part.value;
      drops.addForeign(part);
      return null;
    default:
      drops.add(part.kind);
      return null;
  }
}

function textBlock(part: TextPart, drops: Drops): JsonObject {
  if (part.signature !== null) drops.add('thinking');
  const { annotations } = part;
  const own = annotations !== null && annotations.origin === MESSAGES ? annotations.list : null;
  if (own === null && annotations !== null) drops.add('citations');
  if (own === null && part.cache === null && part.extras === undefined) {
    return { type: 'text', text: part.text };
  }
  return {
    type: 'text',
    text: part.text,
    ...(own === null ? {} : { citations: own }),
    ...cacheMember(part.cache),
    ...extrasFor(part.extras, MESSAGES, drops),
  };
}

/** Only what Anthropic signed or sealed goes back to it, byte for byte; all else it would refuse. */
function thinkingBlock({ text, signature, sealed }: ThinkingPart, drops: Drops): JsonObject | null {
  if (signature?.origin === MESSAGES) {
    return { type: 'thinking', thinking: text, signature: signature.value };
  }
  if (sealed?.origin === MESSAGES) return { type: 'redacted_thinking', data: sealed.value };
  drops.add('thinking');
  return null;
}

function resultBlock(part: ToolResultPart, context: EncodeContext): JsonObject {
  const blocks: JsonObject[] = [];
  for (const inner of part.content) {
    const block = blockFor(inner, context);
    if (block !== null && (context.own || !isEmptyText(block))) blocks.push(block);
  }
  return {
    type: 'tool_result',
    tool_use_id: toolUseId(part.callId),
    ...(blocks.length === 0 ? {} : { content: compact(blocks) }),
    ...(part.isError ? { is_error: true } : {}),
    ...cacheMember(part.cache),
    ...extrasFor(part.extras, MESSAGES, context.drops),
  };
}

/** Text that says nothing: a block of it is refused. */
export function isEmptyText(block: JsonObject): boolean {
  return (
    block['type'] === 'text' && typeof block['text'] === 'string' && block['text'].trim() === ''
  );
}

/** One plain text is written as a string, as callers do. */
export function compact(blocks: readonly JsonObject[]): string | readonly JsonObject[] {
  const [only] = blocks;
  if (only === undefined || blocks.length > 1 || only['type'] !== 'text') return blocks;
  const { text } = only;
  return typeof text === 'string' && Object.keys(only).length === 2 ? text : blocks;
}
