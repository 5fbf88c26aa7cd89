/**
 * Reasoning items: summaries and verbatim thoughts are thinking parts of their own that share the item's id, its `encrypted_content` is one
 * more part without text. The same in streams, where the proof is known only when the item is done.
 */
import type { Signature, ThinkingPart } from '../canonical/content.ts';
import { openSignature, sealSignature } from '../canonical/signature.ts';
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../json/value.ts';
import { said } from '../canonical/said.ts';
import { RESPONSES } from './dialect.ts';

/** What an `encrypted_content` proves: a whole thought that only it tells, the thought beside it, or another part of the answer. */
export type Proof =
  | { readonly of: 'sealed' | 'thought' | 'text'; readonly signature: Signature }
  | { readonly of: 'call'; readonly callId: string; readonly signature: Signature };

const LETTERS = { sealed: 'r', thought: 's', text: 't', call: 'c' } as const;

/**
 * A proof for the caller to keep. The provider's own stands as it is; a foreign one tells behind the mark of its origin what it belongs
 * to, since this dialect has no other place for proofs of texts and of tool calls (Gemini's).
 */
export function sealProof(proof: Proof): string {
  const { origin, value } = proof.signature;
  if (origin === RESPONSES) return value;
  const place = proof.of === 'call' ? `${proof.callId.length};${proof.callId}` : '';
  return sealSignature({ origin, value: LETTERS[proof.of] + place + value }, RESPONSES);
}

/** The reverse. What is malformed was not sealed here and proves nothing but a thought. */
export function openProof(encrypted: string): Proof {
  const { origin, value } = openSignature(encrypted, RESPONSES);
  if (origin === RESPONSES) return { of: 'sealed', signature: { origin, value } };
  const letter = value.charAt(0);
  const signature = { origin, value: value.slice(1) };
  if (letter === LETTERS.thought) return { of: 'thought', signature };
  if (letter === LETTERS.text) return { of: 'text', signature };
  if (letter === LETTERS.call) return callProof(signature);
  return { of: 'sealed', signature: letter === LETTERS.sealed ? signature : { origin, value } };
}

function callProof({ origin, value }: Signature): Proof {
  const end = value.indexOf(';');
  const length = Number(value.slice(0, Math.max(0, end)));
  const start = end + 1;
  if (end < 1 || !Number.isSafeInteger(length) || length < 0 || start + length > value.length) {
    return { of: 'sealed', signature: { origin, value } };
  }
  const callId = value.slice(start, start + length);
  return { of: 'call', callId, signature: { origin, value: value.slice(start + length) } };
}

/** The texts of a `summary` or `content` list; what is none is passed over. */
export function textsOf(list: JsonValue | undefined): readonly string[] {
  if (!isJsonArray(list)) return [];
  return list.flatMap((entry) => {
    const text = isJsonObject(entry) ? entry['text'] : undefined;
    return typeof text === 'string' ? [text] : [];
  });
}

function thinkingPart(
  text: string,
  id: string | null,
  more: Partial<ThinkingPart> = {},
): ThinkingPart {
  return { kind: 'thinking', text, signature: null, sealed: null, id, ...more };
}

/** A reasoning item as parts. A proof of another part is none of a thought: `proof` is then to be null. */
export function thoughtsOf(item: JsonObject, proof: Proof | null): readonly ThinkingPart[] {
  const id = typeof item['id'] === 'string' ? item['id'] : null;
  const parts = [
    ...textsOf(item['summary']).map((text) => thinkingPart(text, id)),
    ...textsOf(item['content']).map((text) => thinkingPart(text, id, { verbatim: true })),
  ];
  if (proof?.of === 'thought') {
    const last = parts.pop() ?? thinkingPart('', id);
    parts.push({ ...last, signature: proof.signature });
  } else if (proof !== null || parts.length === 0) {
    parts.push(thinkingPart('', id, { sealed: proof?.signature ?? null }));
  }
  return parts;
}

/** A reasoning item that is being put together from neighbouring parts. */
export interface ThoughtDraft {
  readonly id: string | null;
  readonly summary: string[];
  readonly content: string[];
  proof: string | null;
}

export function draftThought(id: string | null): ThoughtDraft {
  return { id, summary: [], content: [], proof: null };
}

/** Whether a part belongs to the item of its predecessor: a proof ends an item. */
export function continuesThought(
  draft: { readonly id: string | null; readonly proof: string | null },
  part: { readonly id: string | null },
): boolean {
  return draft.proof === null && draft.id === part.id;
}

export function addThought(draft: ThoughtDraft, part: ThinkingPart, proof: string | null): void {
  if (part.text !== '') (part.verbatim === true ? draft.content : draft.summary).push(part.text);
  draft.proof = proof;
}

function summaryEntry(text: string): JsonObject {
  return { type: 'summary_text', text };
}

function verbatimEntry(text: string): JsonObject {
  return { type: 'reasoning_text', text };
}

export function reasoningItem(draft: ThoughtDraft, id: string | null): JsonObject {
  const { summary, content, proof } = draft;
  return said({
    type: 'reasoning',
    id,
    summary: summary.map((text) => summaryEntry(text)),
    content: content.length === 0 ? null : content.map((text) => verbatimEntry(text)),
    encrypted_content: proof,
  });
}
