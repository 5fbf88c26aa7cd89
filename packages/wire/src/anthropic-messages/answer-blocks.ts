/** Blocks of a provider's answer, read leniently: what has no form that is known stays whole, as `foreign`. */
import type { Annotations, Part, Signature, ThinkingPart } from '../canonical/content.ts';
import { lenientString } from '../canonical/read-member.ts';
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../json/value.ts';
import { callExtras } from './decode-content.ts';
import { MESSAGES } from './dialect-name.ts';
import { argumentsOf } from '../canonical/tool-input.ts';

export function answerPart(block: JsonValue, index: number, seed: string): Part | null {
  if (!isJsonObject(block)) return null;
  const type = lenientString(block['type']);
  switch (type) {
    case 'text':
      return {
        kind: 'text',
        text: lenientString(block['text']) ?? '',
        annotations: citationsIn(block['citations']),
        signature: null,
        cache: null,
      };
    case 'thinking':
    case 'redacted_thinking':
      return thoughtIn(block);
    case 'tool_use':
      return {
        kind: 'tool_call',
        id: callId(block, index, seed),
        name: lenientString(block['name']) ?? '',
        arguments: argumentsOf(block['input']),
        custom: false,
        signature: null,
        cache: null,
        ...callExtras(block),
      };
    default:
      return { kind: 'foreign', origin: MESSAGES, name: type ?? 'block', value: block };
  }
}

export function callId(block: JsonObject, index: number, seed: string): string {
  const id = lenientString(block['id']) ?? '';
  return id === '' ? `toolu_${seed}_${index}` : id;
}

export function citationsIn(value: JsonValue | undefined): Annotations | null {
  return isJsonArray(value) && value.length > 0 ? { origin: MESSAGES, list: value } : null;
}

export function ownSignature(value: JsonValue | undefined): Signature | null {
  return typeof value === 'string' && value !== '' ? { origin: MESSAGES, value } : null;
}

function thoughtIn(block: JsonObject): ThinkingPart {
  return {
    kind: 'thinking',
    text: lenientString(block['thinking']) ?? '',
    signature: ownSignature(block['signature']),
    sealed: ownSignature(block['data']),
    id: null,
  };
}
