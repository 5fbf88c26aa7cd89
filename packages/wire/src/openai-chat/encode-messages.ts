import {
  isToolResult,
  type AudioPart,
  type ForeignPart,
  type Part,
  type RefusalPart,
  type Signature,
  type ThinkingPart,
  type ToolResultPart,
} from '../canonical/content.ts';
import type { Turn } from '../canonical/request.ts';
import { ifSaid } from '../canonical/said.ts';
import type { JsonValue } from '../json/value.ts';
import {
  contentOf,
  encodeBlock,
  encodeBlocks,
  marksCache,
  nameExtras,
  type Block,
  type EncodeScope,
} from './encode-content.ts';
import { cacheControl } from './cache-control.ts';
import { encodeReasoning } from './reasoning-details.ts';
import { riderOf } from './riders.ts';
import { encodeToolCall, extraContent } from './tool-call-shape.ts';

/**
 * Turns to messages. A turn of the user with results of tools becomes one message of each result and, behind them, one with the rest: the
 * dialect wants results right behind their calls. Pictures and files of results go there too, as results hold only text. A turn of the
 * assistant is one message, in which thoughts stand before texts and texts before calls.
 */
export function encodeMessages(turns: readonly Turn[], scope: EncodeScope): readonly Block[] {
  const messages: Block[] = [];
  for (const turn of turns) {
    if (turn.role === 'assistant') messages.push(encodeAssistant(turn, scope));
    else if (turn.parts.some(isToolResult)) {
      encodeResults(turn, scope, messages);
    } else messages.push(encodeSpoken(turn, turn.parts, scope));
  }
  return messages;
}

function encodeSpoken(turn: Turn, parts: readonly Part[], scope: EncodeScope): Block {
  const { role } = turn;
  const message: Block = {
    role: role === 'developer' ? scope.options.developerRole : role,
    name: ifSaid(turn.name),
    content: null,
  };
  message['content'] = contentOf(encodeBlocks(parts, scope, message));
  return message;
}

function encodeResults(turn: Turn, scope: EncodeScope, messages: Block[]): void {
  const rest: Part[] = [];
  let last: Block | null = null;
  for (const part of turn.parts) {
    const rider = part.kind === 'foreign' ? riderOf(part) : null;
    if (part.kind === 'tool_result') {
      last = encodeResult(part, scope, rest);
      messages.push(last);
    } else if (rider?.owner === 'message' && last !== null && scope.origin === 'openai-chat') {
      last[rider.member] = rider.value;
    } else {
      rest.push(part);
    }
  }
  const behind = rest.filter((part) => part.kind !== 'foreign' || riderOf(part) === null);
  for (const part of rest)
    if (part.kind === 'foreign' && riderOf(part)) scope.drops.addForeign(part);
  if (behind.length > 0) messages.push(encodeSpoken(turn, behind, scope));
}

/** A result's failure is told by its text alone. */
function encodeResult(part: ToolResultPart, scope: EncodeScope, rest: Part[]): Block {
  const { origin, drops } = scope;
  if (part.isError) drops.add('is_error');
  nameExtras(part, drops);
  const own = origin === 'openai-chat';
  if (part.cache !== null && !marksCache(scope)) drops.add('cache_control');
  const texts: Block[] = [];
  for (const content of part.content) {
    const block = content.kind === 'text' || own ? encodeBlock(content, scope) : null;
    if (block !== null) texts.push(block);
    else rest.push(content);
  }
  return {
    role: 'tool',
    tool_call_id: part.callId,
    ...(own && part.name !== null ? { name: part.name } : {}),
    content: own ? contentOf(texts) : joined(texts),
    ...(marksCache(scope) ? cacheControl(part.cache) : {}),
  };
}

/** Texts of other dialects as one string, which every host takes; marked ones stay apart. */
function joined(blocks: readonly Block[], between = '\n'): JsonValue {
  const texts: string[] = [];
  for (const block of blocks) {
    const text = block['text'];
    if (typeof text !== 'string' || Object.keys(block).length !== 2) return blocks;
    texts.push(text);
  }
  return texts.join(between);
}

interface Spoken {
  readonly content: Part[];
  readonly thoughts: ThinkingPart[];
  readonly calls: Block[];
  readonly refusals: RefusalPart[];
  audio: AudioPart | null;
  signature: Signature | null;
}

function encodeAssistant(turn: Turn, scope: EncodeScope): Block {
  const spoken: Spoken = {
    content: [],
    thoughts: [],
    calls: [],
    refusals: [],
    audio: null,
    signature: null,
  };
  for (const part of turn.parts) sortPart(part, spoken, scope);
  const message: Block = { role: 'assistant' };
  if (turn.name !== null) message['name'] = turn.name;
  const blocks = encodeBlocks(spoken.content, scope, message);
  const own = scope.origin === 'openai-chat';
  const { calls, refusals, audio } = spoken;
  const silent = calls.length > 0 || refusals.length > 0 || audio !== null;
  const isSaid = blocks.length > 0 && !(blocks.length === 1 && blocks[0]?.['text'] === '');
  message['content'] = isSaid || !silent ? (own ? contentOf(blocks) : joined(blocks, '')) : null;
  if (refusals.length > 0) message['refusal'] = refusals.map(({ text }) => text).join('');
  if (audio?.source.kind === 'id') message['audio'] = { id: audio.source.id };
  Object.assign(message, thoughtMembers(spoken.thoughts, scope), extraContent(spoken.signature));
  if (calls.length > 0) message['tool_calls'] = calls;
  return message;
}

function sortPart(part: Part, spoken: Spoken, scope: EncodeScope): void {
  switch (part.kind) {
    case 'thinking':
      spoken.thoughts.push(part);
      return;
    case 'tool_call': {
      nameExtras(part, scope.drops);
      spoken.calls.push({ ...encodeToolCall(part, ownProof(part.signature)) });
      if (part.cache !== null) scope.drops.add('cache_control');
      return;
    }
    case 'refusal':
      spoken.refusals.push(part);
      return;
    case 'text':
      spoken.signature ??= ownProof(part.signature);
      spoken.content.push(part);
      return;
    case 'audio':
      if (part.source.kind === 'id' && part.source.origin === 'openai-chat') spoken.audio = part;
      else scope.drops.add('audio');
      return;
    case 'foreign':
      if (!rideOnCall(part, spoken)) spoken.content.push(part);
      return;
    default:
      // Pictures that a model made: a message of the assistant holds none.
      scope.drops.add(part.kind);
  }
}

function rideOnCall(part: ForeignPart, { calls }: Spoken): boolean {
  const rider = part.origin === 'openai-chat' ? riderOf(part) : null;
  const call = rider?.owner === 'tool_call' ? calls.at(-1) : undefined;
  if (rider === null || call === undefined) return false;
  call[rider.member] = rider.value;
  return true;
}

function ownProof(signature: Signature | null): Signature | null {
  return signature?.origin === 'openai-chat' ? signature : null;
}

/**
 * Thoughts go back to where they came from: with proofs of this dialect, or, where they are bare text, if the caller of this dialect sent
 * them or the host wants them. Proofs of others are never sent.
 */
function thoughtMembers(thoughts: readonly ThinkingPart[], scope: EncodeScope): Block {
  const { origin, options, drops } = scope;
  const wanted = options.thinking ?? (origin === 'openai-chat' ? 'reasoning_details' : null);
  const kept: ThinkingPart[] = [];
  for (const part of thoughts) {
    const proof = part.sealed ?? part.signature;
    const isOwn = proof === null || proof.origin === 'openai-chat';
    if (wanted !== null && isOwn) kept.push(part);
    else drops.add('thinking');
  }
  const { reasoning_content: text, reasoning_details: details } = encodeReasoning(kept);
  return {
    ...(text === undefined ? {} : { reasoning_content: text }),
    ...(details === undefined || wanted === 'reasoning_content'
      ? {}
      : { reasoning_details: details }),
  };
}
