/** Parts of a streamed answer on their way into blocks. */
import type { Annotations, Signature } from '../canonical/content.ts';
import type { OpenedPart } from '../canonical/stream-event.ts';
import { isJsonObject, type JsonObject } from '../json/value.ts';
import type { DeltaKind } from './block-frames.ts';
import { MESSAGES } from './dialect-name.ts';
import { carriedBlock } from './encode-response.ts';
import { sealThought, type SealNote } from './thought-seal.ts';

export interface StreamPart {
  readonly number: number;
  readonly of: OpenedPart;
  /** What came while another block was open. */
  readonly pieces: string[];
  /** Citations that have not been written yet. */
  readonly annotations: Annotations[];
  /** Proof that has not been written yet. */
  signature: Signature | null;
  closed: boolean;
  /** Whether any block of it was begun. */
  begun: boolean;
}

export function streamPart(number: number, of: OpenedPart): StreamPart {
  const signature = of.kind === 'thinking' ? of.sealed : null;
  return { number, of, pieces: [], annotations: [], signature, closed: false, begun: false };
}

export function isCall({ of }: StreamPart): boolean {
  return of.kind === 'tool_call';
}

/** A custom tool's free text is written as the one member of an object. */
export function isFreeText({ of }: StreamPart): boolean {
  return of.kind === 'tool_call' && of.custom;
}

export function deltaKind({ of }: StreamPart): DeltaKind {
  if (of.kind === 'tool_call') return 'input';
  return of.kind === 'thinking' ? 'thinking' : 'text';
}

/** The block at its start; null where the part is none that text follows. */
export function startOf({ of }: StreamPart): JsonObject | null {
  switch (of.kind) {
    case 'text':
    case 'refusal':
      return { type: 'text', text: '', citations: null };
    case 'thinking':
      return { type: 'thinking', thinking: '', signature: '' };
    case 'tool_call':
      return { type: 'tool_use', id: of.id, name: of.name, input: {} };
    default:
      return null;
  }
}

/** A block that comes whole: one of this dialect's own, or a thought that is sealed altogether. */
export function wholeBlock({ of, signature, begun }: StreamPart): JsonObject | null {
  if (of.kind === 'foreign')
    return of.origin === MESSAGES && isJsonObject(of.value) ? of.value : null;
  if (begun || of.kind !== 'thinking' || of.sealed === null || signature === null) return null;
  return { type: 'redacted_thinking', data: sealThought(signature, itemNote(of)) };
}

/** The signature that ends a thinking block; null where there is none, or nothing to sign. */
export function thoughtSignature({ of, signature }: StreamPart): string | null {
  if (of.kind !== 'thinking' || signature === null) return null;
  return sealThought(signature, itemNote(of));
}

/** The block behind a call or a text that carries its proof. */
export function proofBlock({ of, signature }: StreamPart): JsonObject | null {
  if (of.kind === 'tool_call') return carriedBlock(signature, { kind: 'call', id: of.id });
  return of.kind === 'text' ? carriedBlock(signature, { kind: 'text' }) : null;
}

function itemNote(of: Extract<OpenedPart, { kind: 'thinking' }>): SealNote | null {
  return of.id === null ? null : { kind: 'item', id: of.id };
}
