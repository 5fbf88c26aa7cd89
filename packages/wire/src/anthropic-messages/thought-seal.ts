/**
 * Proofs of other dialects in the places that Messages has for its own: `thinking.signature` and `redacted_thinking.data`. A caller
 * hands both back untouched, so that a tool loop with thinking works whoever answers. Behind a `#`, which no base64 has, stands what
 * the proof belongs to where that is no thought: a tool call, a text, or OpenAI's id of the item.
 */
import type { Signature } from '../canonical/content.ts';
import { openSignature, sealSignature } from '../canonical/signature.ts';
import { MESSAGES } from './dialect-name.ts';

export type SealNote =
  | { readonly kind: 'item'; readonly id: string }
  | { readonly kind: 'call'; readonly id: string }
  | { readonly kind: 'text' };

export interface OpenedSeal {
  readonly signature: Signature;
  readonly note: SealNote | null;
}

export function sealThought(signature: Signature, note: SealNote | null = null): string {
  const sealed = sealSignature(signature, MESSAGES);
  if (note === null || signature.origin === MESSAGES) return sealed;
  return note.kind === 'text' ? `${sealed}#text` : `${sealed}#${note.kind}:${note.id}`;
}

export function openThought(value: string): OpenedSeal {
  const signature = openSignature(value, MESSAGES);
  const mark = signature.origin === MESSAGES ? -1 : signature.value.indexOf('#');
  if (mark === -1) return { signature, note: null };
  const note = noteIn(signature.value.slice(mark + 1));
  return { signature: { ...signature, value: signature.value.slice(0, mark) }, note };
}

function noteIn(text: string): SealNote | null {
  if (text === 'text') return { kind: 'text' };
  if (text.startsWith('item:')) return { kind: 'item', id: text.slice(5) };
  if (text.startsWith('call:')) return { kind: 'call', id: text.slice(5) };
  return null;
}
