import type {
  Part,
  Signature,
  TextPart,
  ThinkingPart,
  ToolCallPart,
} from '../canonical/content.ts';
import type { AnswerStamp } from '../canonical/codec.ts';
import type { Drops } from '../canonical/drops.ts';
import { heldIn } from '../canonical/held.ts';
import { NO_USAGE, type CanonicalResponse } from '../canonical/response.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../json/value.ts';
import { MESSAGES } from './dialect-name.ts';
import { blockFor } from './encode-content.ts';
import { writeAnswerStop } from './stop-reasons.ts';
import { sealThought, type SealNote } from './thought-seal.ts';
import { inputOf } from '../canonical/tool-input.ts';
import { writeUsage } from './usage-shape.ts';

/** A `Message` for a caller. Of several choices it tells the first; proofs of other dialects ride as `thought-seal` says. */
export function encodeResponse(
  response: CanonicalResponse,
  stamp: AnswerStamp,
  drops: Drops,
): JsonObject {
  const own = response.origin === MESSAGES;
  const [choice, ...others] = response.choices;
  const { parts = [], stop = 'other', stopDetail = null } = choice ?? {};
  if (others.length > 0) drops.add('n');
  drops.addIf(choice?.logprobs, 'logprobs');
  const { reason, sequence } = writeAnswerStop({ stop, stopDetail }, heldIn(parts));
  if (!own) drops.addMembers(response.extensions);
  if (!own && stop === 'other') drops.add('stop_reason');
  const content: JsonObject[] = [];
  for (const part of parts) putBlocks(part, drops, content);
  const answer = {
    id: messageId(response.id, stamp),
    type: 'message',
    role: 'assistant',
    model: response.model ?? stamp.model,
    content,
    stop_reason: own && stop === 'other' ? stopDetail : reason,
    stop_sequence: sequence,
    stop_details: null,
    container: null,
    usage: writeUsage(response.usage ?? NO_USAGE),
  };
  return own ? withExtensions(answer, response.extensions) : answer;
}

/** What else an answer of this dialect said: of itself, and of its usage. */
function withExtensions(answer: JsonObject, extensions: JsonObject): JsonObject {
  const { usage: rest, ...others } = extensions;
  const { usage } = answer;
  if (!isJsonObject(rest) || !isJsonObject(usage)) return { ...answer, ...others };
  return { ...answer, usage: { ...usage, ...rest }, ...others };
}

/** The provider's id where it looks like one of this dialect. */
export function messageId(id: string | null, stamp: AnswerStamp): string {
  if (id?.startsWith('msg_') === true) return id;
  return stamp.id.startsWith('msg_') ? stamp.id : `msg_${stamp.id}`;
}

/** Puts a part's blocks behind others: itself, and what carries a proof that has no place in it. */
function putBlocks(part: Part, drops: Drops, into: JsonObject[]): void {
  switch (part.kind) {
    case 'text':
      if (part.text !== '' || part.annotations !== null) into.push(textBlock(part, drops));
      putCarried(part.signature, TEXT_NOTE, into);
      return;
    case 'refusal':
      into.push({ type: 'text', text: part.text, citations: null });
      return;
    case 'thinking':
      into.push(thoughtBlock(part));
      return;
    case 'tool_call':
      into.push(callBlock(part));
      putCarried(part.signature, { kind: 'call', id: part.id }, into);
      return;
    case 'image':
    case 'file':
    case 'tool_result':
      drops.add(part.kind);
      return;
    default: {
      const block = blockFor(part, { drops, own: true });
      if (block !== null) into.push(block);
    }
  }
}

const TEXT_NOTE: SealNote = { kind: 'text' };

function textBlock(part: TextPart, drops: Drops): JsonObject {
  const { text, annotations, extras } = part;
  if (annotations === null && extras === undefined) return { citations: null, type: 'text', text };
  const block = blockFor({ ...part, signature: null, cache: null }, { drops, own: true });
  return { citations: null, ...block };
}

/** The id stays as it is: the caller hands it back, and only a provider of this dialect is particular about its letters. */
function callBlock(part: ToolCallPart): JsonObject {
  const { id, name, extras } = part;
  const own = extras?.origin === MESSAGES ? extras.members : {};
  return { type: 'tool_use', id, name, input: inputOf(part), ...own };
}

/** The block that hands on the proof of a tool call or a text; none for a proof of this dialect, which has none there. */
export function carriedBlock(signature: Signature | null, note: SealNote): JsonObject | null {
  if (signature === null || signature.origin === MESSAGES) return null;
  return { type: 'redacted_thinking', data: sealThought(signature, note) };
}

function putCarried(signature: Signature | null, note: SealNote, into: JsonObject[]): void {
  const block = carriedBlock(signature, note);
  if (block !== null) into.push(block);
}

function thoughtBlock({ text, signature, sealed, id }: ThinkingPart): JsonObject {
  const note: SealNote | null = id === null ? null : { kind: 'item', id };
  if (sealed !== null && text === '') {
    return { type: 'redacted_thinking', data: sealThought(sealed, note) };
  }
  const proof = signature ?? sealed;
  const value: JsonValue = proof === null ? '' : sealThought(proof, note);
  return { type: 'thinking', thinking: text, signature: value };
}
