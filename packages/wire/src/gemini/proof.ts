/**
 * Proofs of thoughts in Gemini's one place for them, `thoughtSignature`. Gemini's own stand there as they are. Those of other origins
 * are wrapped: which kind of proof it is and which id its item had must come back too, and SDKs decode the place as base64 and encode it
 * again in the alphabet they like (google-genai for Python: the URL-safe one), so that a foreign value would not survive by itself.
 */
import type { Signature } from '../canonical/content.ts';
import { openSignature, sealSignature } from '../canonical/signature.ts';

const MARK = 'Keywell/';
const URL_SAFE_MARK = 'Keywell_';

export interface Proof {
  readonly signature: Signature | null;
  readonly sealed: Signature | null;
  readonly id: string | null;
}

/** The `thoughtSignature` for a proof; null where there is none. */
export function writeProof({ signature, sealed, id }: Proof): string | null {
  const proof = sealed ?? signature;
  if (proof === null) return null;
  if (proof.origin === 'gemini') return proof.value;
  const both = sealed !== null && signature !== null ? signature.value : null;
  const value = packed([sealed === null ? 0 : 1, proof.value, id, both]);
  return sealSignature({ origin: proof.origin, value }, 'gemini');
}

/** What a `thoughtSignature` proves. */
export function readProof(thoughtSignature: string): Proof {
  const text = thoughtSignature.startsWith(URL_SAFE_MARK)
    ? MARK + thoughtSignature.slice(URL_SAFE_MARK.length)
    : thoughtSignature;
  const opened = openSignature(text, 'gemini');
  if (opened.origin === 'gemini') {
    const signature: Signature = { origin: 'gemini', value: thoughtSignature };
    return { signature, sealed: null, id: null };
  }
  const [kind, value, id, both] = unpacked(opened.value) ?? [0, opened.value, null, null];
  const proof = { origin: opened.origin, value };
  if (kind === 0) return { signature: proof, sealed: null, id };
  const signature = both === null ? null : { origin: opened.origin, value: both };
  return { signature, sealed: proof, id };
}

/** Kind (0: signature, 1: sealed), value, id, the signature beside a sealed value. */
type Packed = readonly [kind: number, value: string, id: string | null, both: string | null];

function packed(list: Packed): string {
  let binary = '';
  for (const byte of new TextEncoder().encode(JSON.stringify(list))) {
    binary += String.fromCharCode(byte);
  }
  return btoa(binary);
}

function unpacked(text: string): Packed | null {
  try {
    const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
    const bytes = Uint8Array.from(binary, (letter) => letter.charCodeAt(0));
    const list: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (!Array.isArray(list)) return null;
    const [kind, value, id, both]: readonly unknown[] = list;
    if ((kind !== 0 && kind !== 1) || typeof value !== 'string') return null;
    return [
      kind,
      value,
      typeof id === 'string' ? id : null,
      typeof both === 'string' ? both : null,
    ];
  } catch {
    return null;
  }
}
