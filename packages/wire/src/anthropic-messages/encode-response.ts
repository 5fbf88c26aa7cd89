import type { Part, Signature, ThinkingPart, ToolCallPart } from '../canonical/content.ts';
import type { AnswerStamp } from '../canonical/codec.ts';
import type { Drops } from '../canonical/drops.ts';
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
  const kinds = new Set(parts.map(({ kind }) => kind));
  const { reason, sequence } = writeAnswerStop({ stop, stopDetail }, kinds);
  const { usage: usageRest, ...extensions } = own ? response.extensions : {};
  if (!own) drops.addMembers(response.extensions);
  return {
    id: messageId(response.id, stamp),
    type: 'message',
    role: 'assistant',
    model: response.model ?? stamp.model,
    content: parts.flatMap((part) => answerBlocks(part, drops)),
    stop_reason: own && stop === 'other' ? stopDetail : reason,
    stop_sequence: sequence,
    stop_details: null,
    container: null,
    usage: writeUsage(response.usage ?? NO_USAGE, isJsonObject(usageRest) ? usageRest : {}),
    ...extensions,
  };
}

/** The provider's id where it looks like one of this dialect. */
export function messageId(id: string | null, stamp: AnswerStamp): string {
  if (id?.startsWith('msg_') === true) return id;
  return stamp.id.startsWith('msg_') ? stamp.id : `msg_${stamp.id}`;
}

/** A part as blocks: itself, and what carries a proof that has no place in it. */
function answerBlocks(part: Part, drops: Drops): readonly JsonObject[] {
  switch (part.kind) {
    case 'text': {
      if (part.text === '' && part.annotations === null)
        return carried(part.signature, { kind: 'text' });
      const block = blockFor({ ...part, signature: null, cache: null }, { drops, own: true });
      const written = block === null ? [] : [{ citations: null, ...block }];
      return [...written, ...carried(part.signature, { kind: 'text' })];
    }
    case 'refusal':
      return [{ type: 'text', text: part.text, citations: null }];
    case 'thinking':
      return [thoughtBlock(part)];
    case 'tool_call':
      return [...callBlocks(part), ...carried(part.signature, { kind: 'call', id: part.id })];
    case 'image':
    case 'file':
    case 'tool_result':
      drops.add(part.kind);
      return [];
    default: {
      const block = blockFor(part, { drops, own: true });
      return block === null ? [] : [block];
    }
  }
}

/** The id stays as it is: the caller hands it back, and only a provider of this dialect is particular about its letters. */
function callBlocks(part: ToolCallPart): readonly JsonObject[] {
  const { id, name, extras } = part;
  const own = extras?.origin === MESSAGES ? extras.members : {};
  return [{ type: 'tool_use', id, name, input: inputOf(part), ...own }];
}

/** The block that hands on the proof of a tool call or a text; none for a proof of this dialect, which has none there. */
export function carriedBlock(signature: Signature | null, note: SealNote): JsonObject | null {
  if (signature === null || signature.origin === MESSAGES) return null;
  return { type: 'redacted_thinking', data: sealThought(signature, note) };
}

function carried(signature: Signature | null, note: SealNote): readonly JsonObject[] {
  const block = carriedBlock(signature, note);
  return block === null ? [] : [block];
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
