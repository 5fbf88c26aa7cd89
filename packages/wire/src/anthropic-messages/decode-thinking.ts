import type { Part, Signature, ThinkingPart } from '../canonical/content.ts';
import { optionalString, requiredString } from '../canonical/read-member.ts';
import type { JsonObject } from '../json/value.ts';
import { openThought, type SealNote } from './thought-seal.ts';

/** A proof that rode in a block of its own, with the tool call or text that it is of. */
export interface Carried {
  readonly signature: Signature;
  readonly note: Exclude<SealNote, { kind: 'item' }>;
  /** Index of the last text part before it; -1 where there is none. */
  readonly textIndex: number;
}

/** A `thinking` block. OpenAI has no signatures: what came from there is a sealed thought. */
export function readThinking(block: JsonObject, at: string): ThinkingPart {
  const text = requiredString(block, 'thinking', at);
  const value = optionalString(block, 'signature', at) ?? '';
  const bare = { kind: 'thinking', text, signature: null, sealed: null, id: null } as const;
  if (value === '') return bare;
  const { signature, note } = openThought(value);
  const id = note?.kind === 'item' ? note.id : null;
  const isSealed = signature.origin === 'openai-responses' || signature.origin === 'openai-chat';
  return isSealed ? { ...bare, sealed: signature, id } : { ...bare, signature, id };
}

/** A `redacted_thinking` block; null where it only carries a proof of something else, which is then put into `carried`. */
export function readRedacted(
  block: JsonObject,
  at: string,
  carried: Carried[],
  textIndex: number,
): ThinkingPart | null {
  const { signature, note } = openThought(requiredString(block, 'data', at));
  if (note !== null && note.kind !== 'item') {
    carried.push({ signature, note, textIndex });
    return null;
  }
  const id = note === null ? null : note.id;
  return { kind: 'thinking', text: '', signature: null, sealed: signature, id };
}

/** Parts with the proofs that rode beside them; a proof whose part is gone is gone too. */
export function withCarried(parts: readonly Part[], carried: readonly Carried[]): Part[] {
  const given = [...parts];
  const calls = new Map<string, number>();
  for (const [index, part] of parts.entries()) {
    if (part.kind === 'tool_call' && !calls.has(part.id)) calls.set(part.id, index);
  }
  for (const { signature, note, textIndex } of carried) {
    const index = note.kind === 'call' ? (calls.get(note.id) ?? -1) : textIndex;
    const part = given[index];
    if (part?.kind === 'tool_call' || part?.kind === 'text') given[index] = { ...part, signature };
  }
  return given;
}
