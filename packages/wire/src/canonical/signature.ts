import type { Signature } from './content.ts';
import { DIALECTS, type Dialect } from './dialect.ts';

/** Four characters each, so that prefix and value together are still base64, as Gemini wants it. */
const CODES: Readonly<Record<Dialect, string>> = {
  'openai-chat': 'oaic',
  'openai-responses': 'oair',
  'anthropic-messages': 'anth',
  gemini: 'gemi',
  'bedrock-converse': 'bedr',
};
const DIALECT_OF: ReadonlyMap<string, Dialect> = new Map(
  DIALECTS.map((dialect) => [CODES[dialect], dialect]),
);
/** How a sealed proof begins. */
export const SEAL_MARK = 'Keywell/';
/** That, and the code of its origin. */
export const SEAL_LENGTH = SEAL_MARK.length + 4;

/**
 * A foreign proof in a place where a caller's dialect keeps its own, marked with where it came from: the caller hands it back untouched,
 * and only its origin is ever sent it. In its own dialect it stands as it is.
 */
export function sealSignature({ origin, value }: Signature, into: Dialect): string {
  return origin === into ? value : `${SEAL_MARK}${CODES[origin]}${value}`;
}

/** The reverse: what a caller handed back in dialect `from`. */
export function openSignature(value: string, from: Dialect): Signature {
  if (!value.startsWith(SEAL_MARK)) return { origin: from, value };
  const origin = DIALECT_OF.get(value.slice(SEAL_MARK.length, SEAL_LENGTH));
  return origin === undefined
    ? { origin: from, value }
    : { origin, value: value.slice(SEAL_LENGTH) };
}
