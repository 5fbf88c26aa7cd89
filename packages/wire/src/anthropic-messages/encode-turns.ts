/**
 * The conversation as `system` and `messages`. What was said in this dialect is written as it was. Other conversations are brought into
 * the order that Messages asks for: instructions at the head, roles in turn with the user first, results and thoughts before the rest
 * of their message, no empty text.
 */
import type { Turn } from '../canonical/request.ts';
import type { JsonObject, JsonValue } from '../json/value.ts';
import { blockFor, compact, isEmptyText, type EncodeContext } from './encode-content.ts';

interface Message {
  readonly role: 'user' | 'assistant' | 'system';
  blocks: JsonObject[];
}

export interface EncodedTurns {
  readonly system: JsonValue | null;
  readonly messages: readonly JsonObject[];
  /** Whether a call awaits its results' answer, and no thought of the model's own stands before it. */
  readonly thoughtless: boolean;
}

/** A first message must be the user's and must say something: this stands in where there is none. */
const OPENING = '(start of the conversation)';

export function encodeTurns(turns: readonly Turn[], context: EncodeContext): EncodedTurns {
  const system: JsonObject[] = [];
  const messages: Message[] = [];
  for (const { role, name, parts } of turns) {
    context.drops.addIf(name, 'name');
    const isSystem = role === 'system' || role === 'developer';
    const blocks = blocksOf(parts, role, context);
    if (!isSystem) addMessage(messages, role, blocks, context.own);
    else if (messages.length === 0) system.push(...blocks);
    else if (context.own) messages.push({ role: 'system', blocks });
    else {
      // only some models take it in place, and refuse it anywhere but behind a user's message
      context.drops.add('system_position');
      system.push(...blocks);
    }
  }
  if (!context.own) putInOrder(messages);
  return {
    system: system.length === 0 ? null : compact(system),
    messages: messages.map(({ role, blocks }) => ({ role, content: compact(blocks) })),
    thoughtless: isThoughtless(messages),
  };
}

function blocksOf(parts: Turn['parts'], role: Turn['role'], context: EncodeContext): JsonObject[] {
  const blocks: JsonObject[] = [];
  for (const part of parts) {
    // an assistant's message takes no media, instructions take text alone
    const isMedia = part.kind === 'image' || part.kind === 'file';
    const isMisplaced =
      role === 'user' ? false : role === 'assistant' ? isMedia : part.kind !== 'text';
    if (isMisplaced && !context.own) {
      context.drops.add(part.kind);
      continue;
    }
    const block = blockFor(part, context);
    if (block !== null && (context.own || !isEmptyText(block))) blocks.push(block);
  }
  return blocks;
}

function addMessage(
  messages: Message[],
  role: 'user' | 'assistant',
  blocks: JsonObject[],
  own: boolean,
): void {
  if (own) {
    messages.push({ role, blocks });
    return;
  }
  if (blocks.length === 0) return;
  const last = messages.at(-1);
  if (last?.role !== role) messages.push({ role, blocks });
  else for (const block of blocks) last.blocks.push(block);
}

function putInOrder(messages: Message[]): void {
  for (const message of messages) {
    message.blocks = toTheFront(message.blocks, message.role === 'user' ? isResult : isThought);
  }
  if (messages[0]?.role !== 'user') {
    messages.unshift({ role: 'user', blocks: [{ type: 'text', text: OPENING }] });
  }
  const last = messages.at(-1);
  if (last?.role === 'assistant') trimEnd(last.blocks);
}

const isResult = (block: JsonObject): boolean => block['type'] === 'tool_result';
const isThought = (block: JsonObject): boolean =>
  block['type'] === 'thinking' || block['type'] === 'redacted_thinking';

function toTheFront(blocks: JsonObject[], isFirst: (block: JsonObject) => boolean): JsonObject[] {
  if (blocks.length < 2 || !blocks.some(isFirst)) return blocks;
  return [...blocks.filter(isFirst), ...blocks.filter((block) => !isFirst(block))];
}

/** The beginning of an answer that the model is to go on with may not end in white space. */
function trimEnd(blocks: JsonObject[]): void {
  const last = blocks.at(-1);
  if (last?.['type'] !== 'text' || typeof last['text'] !== 'string') return;
  blocks[blocks.length - 1] = { ...last, text: last['text'].trimEnd() };
}

function isThoughtless(messages: readonly Message[]): boolean {
  const last = messages.at(-1);
  const before = messages.at(-2);
  if (last?.role !== 'user' || !last.blocks.some(isResult)) return false;
  return before?.blocks[0] !== undefined && !isThought(before.blocks[0]);
}
