/**
 * Thoughts in messages of this dialect, which has no official place for them: `reasoning_content` (DeepSeek, Qwen, Moonshot, vLLM) or
 * `reasoning` (OpenRouter, Groq) with the text, and `reasoning_details` (OpenRouter) with the proofs:
 * `{type: 'reasoning.text', text, signature}`, `{type: 'reasoning.summary', summary}`, `{type: 'reasoning.encrypted', data}`, each with
 * optional `id`, `format` and `index`. Source: https://openrouter.ai/docs/use-cases/reasoning-tokens and the types `ReasoningDetail*` of
 * `@openrouter/sdk`.
 */
import type { Signature, ThinkingPart } from '../canonical/content.ts';
import { lenientString } from '../canonical/read-member.ts';
import { openSignature, sealSignature } from '../canonical/signature.ts';
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../json/value.ts';

/** Eight characters of base64, so that what follows stays base64. */
const FORMATTED = 'details/';

/** One entry of `reasoning_details`, read. */
export interface ReasoningDetail {
  readonly text: string;
  readonly signature: Signature | null;
  readonly sealed: Signature | null;
  readonly id: string | null;
  readonly index: number | null;
}

/** Null where the entry is of no kind that is known. */
export function readDetail(entry: JsonValue): ReasoningDetail | null {
  if (!isJsonObject(entry)) return null;
  const format = lenientString(entry['format']);
  const id = lenientString(entry['id']);
  const index = typeof entry['index'] === 'number' ? entry['index'] : null;
  const bare = { text: '', signature: null, sealed: null, id, index };
  switch (entry['type']) {
    case 'reasoning.text':
      return {
        ...bare,
        text: lenientString(entry['text']) ?? '',
        signature: proofOf(entry['signature'], format),
      };
    case 'reasoning.summary':
      return { ...bare, text: lenientString(entry['summary']) ?? '' };
    case 'reasoning.encrypted':
      return { ...bare, sealed: proofOf(entry['data'], format) };
    default:
      return null;
  }
}

/** A proof and the format that must go back with it, in one value. */
function proofOf(value: JsonValue | undefined, format: string | null): Signature | null {
  if (typeof value !== 'string' || value === '') return null;
  const proof = openSignature(value, 'openai-chat');
  if (format === null || proof.origin !== 'openai-chat') return proof;
  const bytes = new TextEncoder().encode(JSON.stringify([format, value]));
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return { origin: 'openai-chat', value: FORMATTED + btoa(binary) };
}

/** The reverse: the value on the wire, with its format where it had one. */
function unwrapProof(proof: Signature): {
  readonly value: string;
  readonly format: string | null;
} {
  const plain = { value: sealSignature(proof, 'openai-chat'), format: null };
  if (proof.origin !== 'openai-chat' || !proof.value.startsWith(FORMATTED)) return plain;
  try {
    const binary = atob(proof.value.slice(FORMATTED.length));
    const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
    const pair: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (!Array.isArray(pair)) return plain;
    const [format, value] = pair as readonly unknown[];
    return typeof format === 'string' && typeof value === 'string' ? { value, format } : plain;
  } catch {
    return plain;
  }
}

/**
 * The thoughts of a message. Its text is told twice where there are details; where they have none, it belongs to the first of them that
 * is signed.
 */
export function decodeReasoning(message: JsonObject): ThinkingPart[] {
  const text =
    lenientString(message['reasoning_content']) ?? lenientString(message['reasoning']) ?? '';
  const entries = message['reasoning_details'];
  if (!isJsonArray(entries)) return text === '' ? [] : [thought({ text })];
  const parts = thoughtsOf(entries);
  if (text === '' || parts.some((part) => part.text !== '')) return parts;
  const signed = parts.findIndex((part) => part.signature !== null);
  const owner = parts[signed];
  if (owner === undefined) parts.unshift(thought({ text }));
  else parts[signed] = { ...owner, text };
  return parts;
}

/** What is sealed and bears the id of the summary before it is one thought with it. */
function thoughtsOf(entries: readonly JsonValue[]): ThinkingPart[] {
  const parts: ThinkingPart[] = [];
  let lastIndex: number | null = null;
  for (const entry of entries) {
    const detail = readDetail(entry);
    if (detail === null) continue;
    const { text, signature, sealed, id, index } = detail;
    const last = parts.at(-1);
    // A caller that was streamed them may hand back the pieces as they came.
    if (sealed === null && last !== undefined && index !== null && index === lastIndex) {
      if (last.signature === null && last.sealed === null) {
        parts[parts.length - 1] = { ...last, text: last.text + text, signature };
        continue;
      }
    }
    lastIndex = index;
    if (sealed !== null && id !== null && last?.id === id && last.sealed === null) {
      parts[parts.length - 1] = { ...last, sealed };
    } else if (text !== '' || signature !== null || sealed !== null) {
      parts.push(thought({ text, signature, sealed, id }));
    }
  }
  return parts;
}

function thought(of: Partial<ThinkingPart>): ThinkingPart {
  return { kind: 'thinking', text: '', signature: null, sealed: null, id: null, ...of };
}

const NO_THOUGHTS: JsonObject = Object.freeze({});

/** The members of a message that tell these thoughts; what only a proof needs is left out where there is none. */
export function encodeReasoning(parts: readonly ThinkingPart[]): JsonObject {
  if (parts.length === 0) return NO_THOUGHTS;
  const text = parts.map((part) => part.text).join('');
  const proven = parts.some(
    ({ signature, sealed, id }) => signature !== null || sealed !== null || id !== null,
  );
  return {
    ...(text === '' ? {} : { reasoning_content: text }),
    ...(proven ? { reasoning_details: detailsOf(parts) } : {}),
  };
}

function detailsOf(parts: readonly ThinkingPart[]): JsonValue {
  const details: JsonValue[] = [];
  for (const { text, signature, sealed, id } of parts) {
    const named = id === null ? {} : { id };
    if (sealed === null || signature !== null) {
      const proof = signature === null ? {} : signedMembers('signature', signature);
      details.push({ type: 'reasoning.text', text, ...proof, ...named, index: details.length });
    } else if (text !== '') {
      const { format } = unwrapProof(sealed);
      const kept = format === null ? {} : { format };
      details.push({
        type: 'reasoning.summary',
        summary: text,
        ...named,
        ...kept,
        index: details.length,
      });
    }
    if (sealed !== null) details.push(sealedDetail(sealed, id, details.length));
  }
  return details;
}

/** The entry for a thought that is sealed as a whole. */
export function sealedDetail(sealed: Signature, id: string | null, index: number): JsonObject {
  return {
    type: 'reasoning.encrypted',
    ...signedMembers('data', sealed),
    ...(id === null ? {} : { id }),
    index,
  };
}

/** The entry that brings the proof of a thought whose text was told before. */
export function signatureDetail(signature: Signature, index: number): JsonObject {
  return { type: 'reasoning.text', text: '', ...signedMembers('signature', signature), index };
}

function signedMembers(name: 'signature' | 'data', proof: Signature): JsonObject {
  const { value, format } = unwrapProof(proof);
  return format === null ? { [name]: value } : { [name]: value, format };
}
